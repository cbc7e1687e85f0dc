import type { JobBackend } from "../backend/job-backend.ts";
import { MINUTE } from "../scheduler/instant.ts";
import { isCompositeUnderAct } from "./act-runner.ts";
import { connect } from "./connect.ts";
import type { ConnectedStep } from "./connected-step.ts";
import type { LockKind } from "./holder.ts";
import { type CommandInputs, type Inputs, loadInputs } from "./inputs.ts";
import { logStarted } from "./messages.ts";
import { setOutputs } from "./outputs.ts";
import { type LockStart, type RefusedStart, startLock } from "./start-lock.ts";
import { grantedState, StepStateWriter } from "./state.ts";
import { addSummary, prepareSummary, refusedRow, startedRow } from "./step-summary.ts";
import type { Surroundings } from "./toolkit.ts";

/**
 * The main step: asks for the next due interval, and reports the answer in outputs, state and log. With the input `run` it
 * also runs the command, and ends the interval.
 *
 * @returns the exit code, or null where the step's own success or failure decides it.
 */
export function startJob(surroundings: Surroundings): Promise<number | null> {
  return startByInputs(surroundings, "job", startForLaterSteps);
}

/**
 * Starts a job as the inputs say. Each failure is reported.
 *
 * @param start What a step without a command does.
 */
export async function startByInputs(
  surroundings: Surroundings,
  kind: LockKind,
  start: (step: ConnectedStep) => Promise<number | null>,
): Promise<number | null> {
  const { toolkit, env } = surroundings;
  const state = new StepStateWriter(toolkit);
  state.emptySoon();
  try {
    const inputs = loadInputs(toolkit, env, kind);
    if (isUnusual(inputs, surroundings)) {
      const { logRemarks } = await import(/* webpackChunkName: "remarks" */ "./remarks.ts");
      await logRemarks(toolkit, { ...inputs, env, now: surroundings.now() });
    }
    const step = { inputs, surroundings, kind, state };
    return await (inputs.command === null ? withBackend(step, start) : startWithCommand(step, inputs.command));
  } catch (error) {
    const { reportStartFailure } = await loadStartFailure().catch(() => {
      throw error;
    });
    await reportStartFailure(error, toolkit);
    return null;
  } finally {
    state.empty();
  }
}

/** Loaded only here: most starts do not fail. */
async function loadStartFailure() {
  return import(/* webpackChunkName: "failure" */ "./start-failure.ts");
}

/** A step before it has a backend. */
type UnconnectedStep = Pick<ConnectedStep, "inputs" | "surroundings" | "kind" | "state">;

/** Calls `work` with a backend, and closes it. */
async function withBackend<T>(step: UnconnectedStep, work: (step: ConnectedStep) => Promise<T>): Promise<T> {
  const { inputs, surroundings } = step;
  let isMarked = false;
  const onMark = () => {
    isMarked = true;
  };
  const backend: JobBackend = await connect(inputs.location, inputs.login, surroundings, { onMark });
  try {
    return await work({ ...step, backend, isMarked: () => isMarked });
  } finally {
    await backend.close();
  }
}

async function startForLaterSteps(step: ConnectedStep): Promise<number | null> {
  const { inputs, surroundings } = step;
  const report = (start: LockStart) => setOutputs(surroundings, { start });
  prepareSummary(surroundings);
  const start = await startLock(step, { wait: inputs.wait, report });
  const { answer, takingState } = start;
  if (!answer.started) return reportRefusal({ ...start, answer }, step);
  // After the outputs: if this process dies in between, post interrupts the lock. In the other order, post could finish an
  // interval that no step has seen.
  if (answer.lock !== null) {
    step.state.save(grantedState(takingState, answer, step.isMarked()));
  }
  logStarted(answer, surroundings.toolkit);
  await addSummary(surroundings, () => ({ rows: [startedRow(answer, step)], ended: null }));
  return null;
}

async function startWithCommand(step: UnconnectedStep, commandInputs: CommandInputs): Promise<number | null> {
  const { inputs, surroundings } = step;
  const { commandOf } = await import(/* webpackChunkName: "run" */ "./run/command-of-inputs.ts");
  const { runIntervals } = await import(/* webpackChunkName: "run" */ "./run/run-intervals.ts");
  // Before anything is sent: a shell or folder that is missing must take no lock.
  const command = await commandOf(commandInputs, surroundings);
  return withBackend(step, async (connected) => {
    const { finished, refused, behind, exitCode, isCancelled } = await runIntervals({
      step: connected,
      command,
      most: commandInputs.maxIntervals,
    });
    if (refused !== null && finished === 0) return reportRefusal(refused, connected);
    if (refused !== null) surroundings.toolkit.info(await refusalLine("No further interval", refused, inputs));
    // A person who cancels a run does not want it to go on in another one. Without a lock the next run would get the same interval.
    const mayDispatch = exitCode === 0 && !isCancelled && !inputs.request.noLock;
    if (mayDispatch && inputs.whenBehind === "dispatch" && (behind ?? 0) > 0) {
      const { dispatchNextRun } = await import(/* webpackChunkName: "github" */ "./github/dispatch-workflow.ts");
      await dispatchNextRun(inputs.githubToken, surroundings);
    }
    return exitCode;
  });
}

/** Reports a start that was refused, as the input `not-started` says. */
export async function reportRefusal(
  start: RefusedStart,
  { inputs, surroundings }: ConnectedStep,
): Promise<number | null> {
  const line = await refusalLine("Not started", start, inputs);
  await addSummary(surroundings, () => ({ rows: [refusedRow(inputs.request.jobName, start.answer)], ended: null }));
  switch (inputs.whenNotStarted) {
    case "skip":
      // A job that waits for a required job may wait forever, and nothing on the run's page would show it.
      if (start.answer.reason === "required-job") surroundings.toolkit.notice(line);
      else surroundings.toolkit.info(line);
      return null;
    case "fail":
      surroundings.toolkit.setFailed(`${line}. The step fails because of not-started: fail`);
      return null;
    case "cancel": {
      surroundings.toolkit.info(line);
      const { cancelAndWait } = await import(/* webpackChunkName: "github" */ "./github/cancel-run.ts");
      surroundings.toolkit.setFailed(await cancelAndWait(inputs.githubToken, surroundings));
      return null;
    }
  }
}

async function refusalLine(
  beginning: "Not started" | "No further interval",
  { answer, holderRun }: RefusedStart,
  { request }: Inputs,
): Promise<string> {
  const { notStartedLine } = await import(/* webpackChunkName: "refused" */ "./not-started-line.ts");
  return notStartedLine(beginning, { request, answer, holderRun });
}

/** Whether there may be something to remark. Most starts load nothing for it. */
function isUnusual({ request, location }: Inputs, { env }: Surroundings): boolean {
  const { jobName, requiredJobNames = [], jobInterval, startBuffer, retryInterval } = request;
  return (
    (location.kind === "server" && location.isUnencrypted) ||
    request.jobIntervalStartedAt !== undefined ||
    [jobInterval, startBuffer, retryInterval].some(isShortNumber) ||
    [jobName, ...requiredJobNames].some((name) => !/^[ -~]*$/.test(name)) ||
    isCompositeUnderAct(env) ||
    (typeof jobInterval === "string" && jobInterval.trim().split(/\s+/).length === 6)
  );
}

/** Milliseconds that may be meant as seconds or minutes. */
function isShortNumber(length: unknown): boolean {
  return typeof length === "number" && length > 0 && length < MINUTE;
}
