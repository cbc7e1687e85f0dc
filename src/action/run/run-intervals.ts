import { type HeldLock, LockLostError, type Started } from "../../backend/job-backend.ts";
import { oneLine, startedLines } from "../../backend/one-line.ts";
import { intervalEnvironment } from "../../command/interval-environment.ts";
import { type Ending, runUnderLock } from "../../command/run-under-lock.ts";
import { monotonicNow } from "../../network/deadline.ts";
import { finishLock, interruptLock } from "../end-lock.ts";
import { loadDeadline } from "../inputs.ts";
import { freeByHand, lossLine, messageOf } from "../messages.ts";
import { setOutputs } from "../outputs.ts";
import { type LockStart, type RefusedStart, type Starts, startLock } from "../start-lock.ts";
import { NO_STATE, type StepState, saveStepState } from "../state.ts";
import { commandEnvironment } from "./command-environment.ts";
import { type ScriptCommandOptions, startScript } from "./script-command.ts";

/** In milliseconds. The runner ends this process 7.5 s after its signal, and the command takes up to 3 s of it. */
const LONGEST_END_WHEN_CANCELLED = 3500;

/** The command that runs for each interval, except for its environment. */
export type Command = Omit<ScriptCommandOptions, "env">;

export interface Intervals {
  readonly starts: Starts;
  readonly command: Command;
  /** The most intervals for which the command runs. */
  readonly most: number;
}

/** The result of a step with a command. */
export interface IntervalsRun {
  /** How many intervals were finished. */
  readonly finished: number;
  /** The last start, if it was refused. */
  readonly refused: RefusedStart | null;
  /** The further intervals that were due after the last one that was finished. Null: unknown, or none was finished. */
  readonly behind: number | null;
  /** The exit code of the step. */
  readonly exitCode: number;
}

/** Runs a command for one due interval after the other, oldest first, until none is due or the command fails. */
export async function runIntervals({ starts, command, most }: Intervals): Promise<IntervalsRun> {
  const { inputs, surroundings } = starts;
  let cancelled: AbortSignal | null = null;
  let finished = 0;
  let behind: number | null = null;
  for (;;) {
    const sentAt = monotonicNow();
    const start = await startLock(starts, {
      wait: finished === 0 ? inputs.wait : null,
      // After some intervals a refusal is the end, and the outputs stay those of the last interval.
      report: (start) => {
        if (start.answer.started || finished === 0) setOutputs(surroundings, { start, intervalsFinished: finished });
      },
    });
    const { answer } = start;
    if (!answer.started) return { finished, refused: { ...start, answer }, behind, exitCode: 0 };
    // A signal before the first grant ends this process at once, and post gives the start up.
    cancelled ??= surroundings.cancellation();
    const exitCode = await runOne({ starts, command, start, granted: answer, sentAt, cancelled });
    if (exitCode === 0) {
      finished++;
      behind = answer.behind;
      setOutputs(surroundings, { start, intervalsFinished: finished });
    }
    if (exitCode !== 0 || finished === most || cancelled.aborted) return { finished, refused: null, behind, exitCode };
  }
}

interface OneRun {
  readonly starts: Starts;
  readonly command: Command;
  readonly start: LockStart;
  readonly granted: Started;
  /** When the start was sent, by the monotonic clock. */
  readonly sentAt: number;
  readonly cancelled: AbortSignal;
}

/** Runs the command for one interval, and ends its lock. Each failure is reported. @returns the exit code of the step. */
async function runOne(run: OneRun): Promise<number> {
  const { starts, start, granted } = run;
  const { toolkit } = starts.surroundings;
  const state: StepState = {
    ...start.takingState,
    isMarked: starts.isMarked(),
    started: true,
    command: "running",
    behind: String(granted.behind ?? ""),
    lockId: granted.lock?.id ?? "",
    record: granted.lock?.record ?? null,
  };
  saveStepState(toolkit, state);
  for (const line of startedLines(granted)) toolkit.info(line);
  const { ending, lock } = await runCommand(run);
  const isDone = ending.kind === "exited" && ending.code === 0;
  saveStepState(toolkit, { ...state, command: isDone ? "succeeded" : "failed", record: lock?.record ?? null });
  const end = lock === null ? "recorded" : await endedLock(run, lock, ending);
  if (end !== "unknown") saveStepState(toolkit, NO_STATE);
  switch (ending.kind) {
    case "exited":
      if (ending.code !== 0) toolkit.setFailed(`The command exited with ${ending.code}`);
      return ending.code !== 0 ? ending.code : end === "recorded" ? 0 : 1;
    case "cancelled":
      toolkit.setFailed("The run was cancelled, and the command was stopped");
      return 1;
    case "lost":
      toolkit.setFailed(
        ending.reason instanceof LockLostError
          ? `The command was stopped. ${lossLine(granted.jobName, ending.reason.loss)}`
          : `The command was stopped: ${await messageOf(ending.reason)}`,
      );
      return 1;
  }
}

/** Runs the command while the lock is renewed. @returns the lock with its last renewal. */
function runCommand({ starts, command, granted, sentAt, cancelled }: OneRun) {
  const { backend, inputs, surroundings } = starts;
  const { toolkit, env } = surroundings;
  return runUnderLock({
    backend,
    request: inputs.request,
    granted,
    sentAt,
    cancelled,
    start: () => startScript({ ...command, env: commandEnvironment(env, intervalEnvironment(granted)) }),
    onProcess: (pid) => toolkit.saveState("commandPid", String(pid ?? "")),
    deadline: (signal) => surroundings.deadline(inputs.deadline, signal),
    onNoRenewal: () =>
      toolkit.warning(
        "An original CronyxServer renews no locks: set retry-interval to more than the longest run takes, since other runs take the lock over then",
      ),
    expired: () =>
      new Error("the lock could not be renewed before retry-interval passed, so another run may have taken it over"),
  });
}

/**
 * Finishes the interval if the command succeeded, and interrupts it otherwise. Each failure is reported.
 *
 * @returns `unknown` if post has to try again.
 */
async function endedLock(
  { starts, granted }: OneRun,
  lock: HeldLock,
  ending: Ending,
): Promise<"recorded" | "lost" | "unknown"> {
  const { inputs, backend, surroundings } = starts;
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
        ? finishLock(backend, lock, deadline)
        : interruptLock(backend, { lock, because: reasonOf(ending), catchUp, deadline })),
    );
    return "recorded";
  } catch (error) {
    if (error instanceof LockLostError) {
      toolkit.setFailed(lossLine(granted.jobName, error.loss));
      return "lost";
    }
    const end = isDone ? "finished" : "interrupted";
    toolkit.setFailed(
      `${await messageOf(error)}. The interval of ${oneLine(granted.jobName)} is not known to be ${end}, and the post step tries again: if that fails too, ${freeByHand()}`,
    );
    return "unknown";
  }
}

function reasonOf(ending: Ending): string {
  switch (ending.kind) {
    case "exited":
      return `its command exited with ${ending.code}`;
    case "cancelled":
      return "the run was cancelled";
    case "lost":
      return "its lock could not be renewed in time";
  }
}
