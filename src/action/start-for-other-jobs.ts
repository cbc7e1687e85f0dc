import { handedLockText, NOT_STARTED_TEXT } from "../backend/handed-lock.ts";
import type { ConnectedStep } from "./connected-step.ts";
import { logStarted } from "./messages.ts";
import { setOutputs } from "./outputs.ts";
import { reportRefusal } from "./report-refusal.ts";
import { startByInputs } from "./start-job.ts";
import { type LockStart, startLock } from "./start-lock.ts";
import { NO_STATE } from "./state.ts";
import { addSummary, startedRow } from "./step-summary.ts";
import type { Surroundings } from "./toolkit.ts";

/** The main step of `start/action.yml`: a lock for several jobs, which `end/action.yml` ends in the last one. */
export function startForOtherJobs(surroundings: Surroundings): Promise<number | null> {
  return startByInputs(surroundings, "start", startAndHandOn);
}

async function startAndHandOn(step: ConnectedStep): Promise<number | null> {
  const { inputs, surroundings } = step;
  const { toolkit } = surroundings;
  const report = (start: LockStart) => {
    setOutputs(surroundings, { start });
    toolkit.setOutput("lock", start.answer.started ? handedLockText(start.answer, inputs.location) : NOT_STARTED_TEXT);
  };
  const start = await startLock(step, { wait: inputs.wait, report });
  const { answer } = start;
  if (!answer.started) return reportRefusal({ ...start, answer }, step);
  // The output is written, so the lock is the last job's to end, and not this step's post.
  step.state.save({ ...NO_STATE, handedOn: true });
  logStarted(answer, toolkit);
  await addSummary(surroundings, () => ({ rows: [startedRow(answer, step)], ended: null }));
  return null;
}
