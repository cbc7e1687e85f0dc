import { handedLockText, NOT_STARTED_TEXT } from "../backend/handed-lock.ts";
import { logStarted } from "./messages.ts";
import { setOutputs } from "./outputs.ts";
import { reportRefusal, startByInputs } from "./start-job.ts";
import { type LockStart, startLock } from "./start-lock.ts";
import type { Starts } from "./starts.ts";
import { NO_STATE } from "./state.ts";
import { addSummary, startedRow } from "./step-summary.ts";
import type { Surroundings } from "./toolkit.ts";

/** The main step of `start/action.yml`: a lock for several jobs, which `end/action.yml` ends in the last one. */
export function startForOtherJobs(surroundings: Surroundings): Promise<number | null> {
  return startByInputs(surroundings, "start", startAndHandOn);
}

async function startAndHandOn(starts: Starts): Promise<number | null> {
  const { inputs, surroundings } = starts;
  const { toolkit } = surroundings;
  const report = (start: LockStart) => {
    setOutputs(surroundings, { start });
    toolkit.setOutput("lock", start.answer.started ? handedLockText(start.answer, inputs.location) : NOT_STARTED_TEXT);
  };
  const start = await startLock(starts, { wait: inputs.wait, report });
  const { answer } = start;
  if (!answer.started) return reportRefusal({ ...start, answer }, starts);
  // The output is written, so the lock is the last job's to end, and not this step's post.
  starts.state.save({ ...NO_STATE, handedOn: true });
  logStarted(answer, toolkit);
  await addSummary(surroundings, () => ({ rows: [startedRow(answer, starts)], ended: null }));
  return null;
}
