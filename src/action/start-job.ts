import { MINUTE } from "../scheduler/instant.ts";
import { isCompositeUnderAct } from "./act-runner.ts";
import { type ConnectedStep, withBackend } from "./connected-step.ts";
import type { LockKind } from "./holder.ts";
import { type Inputs, loadInputs } from "./inputs.ts";
import { logStarted } from "./messages.ts";
import { setOutputs } from "./outputs.ts";
import { reportRefusal } from "./report-refusal.ts";
import { type LockStart, startLock } from "./start-lock.ts";
import { grantedState, StepStateWriter } from "./state.ts";
import { addSummary, prepareSummary, startedRow } from "./step-summary.ts";
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
    if (inputs.command === null) return await withBackend(step, start);
    const { startWithCommand } = await import(/* webpackChunkName: "run" */ "./run/start-with-command.ts");
    return await startWithCommand(step, inputs.command);
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
