import { type HeldLock, LockLostError, type Started } from "../../backend/job-backend.ts";
import { oneLine } from "../../backend/one-line.ts";
import { intervalEnvironment } from "../../command/interval-environment.ts";
import { runUnderLock } from "../../command/run-under-lock.ts";
import { ServiceError } from "../../errors/service-error.ts";
import { monotonicNow } from "../../network/deadline.ts";
import { type Span, spanText } from "../../scheduler/span.ts";
import type { ConnectedStep } from "../connected-step.ts";
import { finishLock, interruptLock } from "../end-lock.ts";
import { messageOf } from "../error-message.ts";
import { loadDeadline } from "../inputs.ts";
import { freeByHand, logStarted } from "../messages.ts";
import { setOutputs } from "../outputs.ts";
import { type LockStart, type RefusedStart, startLock } from "../start-lock.ts";
import { grantedState, intervalOf, NO_STATE, type StepState } from "../state.ts";
import { addSummary, startedRow } from "../step-summary.ts";
import type { Toolkit } from "../toolkit.ts";
import { loadCodeOfEnd } from "./code-of-end.ts";
import { commandEnvironment } from "./command-environment.ts";
import { lossText, type RunEnding, reasonOf } from "./run-ending.ts";
import { RunnerFiles } from "./runner-files.ts";
import { type ScriptCommandOptions, startScript } from "./script-command.ts";

/** In milliseconds. The runner ends this process 7.5 s after its signal, and the command takes up to 3 s of it. */
const LONGEST_END_WHEN_CANCELLED = 3500;

/** The command that runs for each interval, except for its environment. */
export type Command = Omit<ScriptCommandOptions, "env" | "onSpawn">;

export interface Intervals {
  readonly step: ConnectedStep;
  readonly command: Command;
  /** The most intervals for which the command runs. */
  readonly most: number;
}

/** The result of a step with a command. */
export interface IntervalsResult {
  /** How many intervals were finished. */
  readonly finished: number;
  /** The last start, if it was refused. */
  readonly refused: RefusedStart | null;
  /** The further intervals that were due after the last one that was finished. Null: unknown, or none was finished. */
  readonly behind: number | null;
  readonly isCancelled: boolean;
  /** The exit code of the step. */
  readonly exitCode: number;
}

/** Runs a command for one due interval after the other, oldest first, until none is due or the command fails. */
export async function runIntervals(intervals: Intervals): Promise<IntervalsResult> {
  const ended: IntervalResult[] = [];
  try {
    return await runDueIntervals(intervals, ended);
  } finally {
    await summarize(ended, intervals.step);
  }
}

async function runDueIntervals({ step, command, most }: Intervals, ended: IntervalResult[]): Promise<IntervalsResult> {
  const { inputs, surroundings } = step;
  let cancelled: AbortSignal | null = null;
  let finished = 0;
  let behind: number | null = null;
  const isLoaded = loadCodeOfEnd(inputs);
  for (;;) {
    const sentAt = monotonicNow();
    const start = await startLock(step, {
      wait: finished === 0 ? inputs.wait : null,
      cancelled,
      // After some intervals a refusal is the end, and the outputs stay those of the last interval.
      report: (start) => {
        if (start.answer.started || finished === 0) setOutputs(surroundings, { start, intervalsFinished: finished });
      },
    }).catch((error: unknown) => {
      // A start whose answer was not awaited is given up by the post step.
      if (!cancelled?.aborted || !(error instanceof ServiceError)) throw error;
      surroundings.toolkit.setFailed("The run was cancelled");
      return null;
    });
    if (start === null) return { finished, refused: null, behind, exitCode: 1, isCancelled: true };
    const { answer } = start;
    if (!answer.started) {
      const isCancelled = cancelled?.aborted ?? false;
      return { finished, refused: { ...start, answer }, behind, exitCode: 0, isCancelled };
    }
    // A signal before the first grant ends this process at once, and post gives the start up.
    cancelled ??= surroundings.cancellation();
    await isLoaded;
    const run = await runOne({ step, command, start, granted: answer, sentAt, cancelled });
    ended.push(run);
    const { exitCode } = run;
    if (exitCode === 0) {
      finished++;
      behind = answer.behind;
    }
    // Also after a failure: the command may have emptied the file of the outputs.
    setOutputs(surroundings, { start, intervalsFinished: finished });
    const isCancelled = cancelled.aborted;
    if (exitCode !== 0 || finished === most || isCancelled)
      return { finished, refused: null, behind, exitCode, isCancelled };
  }
}

/** The result of the command's run for one interval. */
interface IntervalResult {
  readonly granted: Started;
  readonly lock: HeldLock | null;
  readonly outcome: "finished" | "interrupted" | "lost" | "not known to be ended";
  readonly isCancelled: boolean;
  /** The exit code of the step. */
  readonly exitCode: number;
}

async function summarize(runs: readonly IntervalResult[], step: ConnectedStep): Promise<void> {
  const last = runs.at(-1);
  if (last === undefined) return;
  const { granted, lock, outcome, isCancelled } = last;
  // A process that is cancelled has no time for another request, and an original server shows no state.
  const mayAsk = !isCancelled && step.isMarked();
  const isEnded = outcome === "finished" || outcome === "interrupted";
  const { jobName } = granted;
  const before = lock?.record?.state ?? null;
  await addSummary(step.surroundings, () => ({
    rows: runs.map((run) => ({ ...startedRow(run.granted, step), outcome: run.outcome })),
    ended:
      lock !== null && isEnded && (before !== null || mayAsk)
        ? { jobName, id: lock.id, before, ending: outcome, backend: step.backend }
        : null,
  }));
}

interface OneRun {
  readonly step: ConnectedStep;
  readonly command: Command;
  readonly start: LockStart;
  readonly granted: Started;
  /** When the start was sent, by the monotonic clock. */
  readonly sentAt: number;
  readonly cancelled: AbortSignal;
}

/** Runs the command for one interval, and ends its lock. Each failure is reported. */
async function runOne(run: OneRun): Promise<IntervalResult> {
  const { step, start, granted } = run;
  const { toolkit, env } = step.surroundings;
  const state: StepState = { ...grantedState(start.takingState, granted, step.isMarked()), command: "running" };
  step.state.save(state);
  logStarted(granted, toolkit);
  toolkit.startGroup(
    `Output of the command for ${spanText({ from: granted.intervalStartedAt, until: granted.intervalEndedAt })}`,
  );
  const files = new RunnerFiles(env);
  step.state.distrustFile();
  const { ending, lock } = await runCommand(run).catch((reason: unknown) => ({
    ending: { kind: "not-run", reason } satisfies RunEnding,
    lock: granted.lock,
  }));
  // The runner reads a command only at the start of a line, and the last line of the output may have no end.
  toolkit.info("");
  toolkit.endGroup();
  const isDone = ending.kind === "exited" && ending.code === 0;
  // The command may have damaged the files of the runner. Its lock must be ended all the same.
  await tryTo(toolkit, () => {
    files.restore();
    step.state.save({ ...state, command: isDone ? "succeeded" : "failed", record: lock?.record ?? null });
  });
  if (lock === null) toolkit.info("The command ran without a lock (no-lock), so its interval is recorded nowhere");
  const end = lock === null ? "recorded" : await endLock({ run, lock, interval: intervalOf(state) }, ending);
  if (end !== "unknown") await tryTo(toolkit, () => step.state.save(NO_STATE));
  const outcome = {
    recorded: isDone ? "finished" : "interrupted",
    lost: "lost",
    unknown: "not known to be ended",
  } as const;
  return {
    granted,
    lock,
    outcome: outcome[end],
    isCancelled: ending.kind === "cancelled",
    exitCode: await reportEnding(ending, end === "recorded", run),
  };
}

async function tryTo(toolkit: Toolkit, write: () => void): Promise<void> {
  try {
    write();
  } catch (error) {
    toolkit.warning(`The state of this step could not be written: ${await messageOf(error)}`);
  }
}

/** Reports a command that did not succeed. @returns the exit code of the step. */
async function reportEnding(ending: RunEnding, isRecorded: boolean, { step, granted }: OneRun): Promise<number> {
  const { toolkit } = step.surroundings;
  switch (ending.kind) {
    case "exited":
      if (ending.code !== 0) toolkit.setFailed(`The command exited with ${ending.code}`);
      return ending.code !== 0 ? ending.code : isRecorded ? 0 : 1;
    case "not-run":
      toolkit.setFailed(`The command could not be started: ${await messageOf(ending.reason)}`);
      return 1;
    case "cancelled":
      toolkit.setFailed("The run was cancelled, and the command was stopped");
      return 1;
    case "lost":
      toolkit.setFailed(
        ending.reason instanceof LockLostError
          ? `The command was stopped. ${await lossText(granted.jobName, ending.reason.loss)}`
          : `The command was stopped: ${await messageOf(ending.reason)}`,
      );
      return 1;
  }
}

/** Runs the command while the lock is renewed. @returns the lock with its last renewal. */
function runCommand({ step, command, granted, sentAt, cancelled }: OneRun) {
  const { backend, inputs, surroundings } = step;
  const { toolkit, env } = surroundings;
  return runUnderLock({
    backend,
    request: inputs.request,
    granted,
    sentAt,
    cancelled,
    start: () =>
      startScript({
        ...command,
        env: commandEnvironment(env, intervalEnvironment(granted)),
        // The command may have removed the file already. Where it can, post finds the command by its environment then.
        onSpawn: (pid) => void tryTo(toolkit, () => toolkit.saveState("commandPid", String(pid))),
      }),
    deadline: (signal) => surroundings.deadline(inputs.deadline, signal),
    onNoRenewal: () =>
      toolkit.warning(
        "An original CronyxServer renews no locks: set retry-interval to more than the longest run takes, since other runs take the lock over then",
      ),
    expired: () =>
      new Error("the lock could not be renewed before retry-interval passed, so another run may have taken it over"),
  });
}

interface LockToEnd {
  readonly run: OneRun;
  readonly lock: HeldLock;
  /** For the log. Null: it is not known. */
  readonly interval: Span | null;
}

/**
 * Finishes the interval if the command succeeded, and interrupts it otherwise. Each failure is reported.
 *
 * @returns `unknown` if post has to try again.
 */
async function endLock(
  { run, lock, interval }: LockToEnd,
  ending: RunEnding,
): Promise<"recorded" | "lost" | "unknown"> {
  const { step, granted } = run;
  const { inputs, backend, surroundings } = step;
  const { toolkit } = surroundings;
  if (ending.kind === "lost" && ending.reason instanceof LockLostError) return "lost";
  const deadline = surroundings.deadline(
    ending.kind === "cancelled" ? LONGEST_END_WHEN_CANCELLED : loadDeadline(toolkit, "end"),
  );
  const isDone = ending.kind === "exited" && ending.code === 0;
  const catchUp = inputs.request.catchUp ?? "each";
  try {
    toolkit.info(
      await (isDone
        ? finishLock(backend, { lock, interval, deadline })
        : interruptLock(backend, { lock, interval, because: reasonOf(ending), catchUp, deadline })),
    );
    return "recorded";
  } catch (error) {
    if (error instanceof LockLostError) {
      toolkit.setFailed(await lossText(granted.jobName, error.loss));
      return "lost";
    }
    const end = isDone ? "finished" : "interrupted";
    toolkit.setFailed(
      `${await messageOf(error)}. The interval of ${oneLine(granted.jobName)} is not known to be ${end}, and the post step tries again: if that fails too, ${freeByHand()}`,
    );
    return "unknown";
  }
}
