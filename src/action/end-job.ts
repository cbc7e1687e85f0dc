import { type HeldLock, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { parseLocation } from "../location/location.ts";
import { type JobStatus, loadJobStatus } from "./inputs.ts";
import { loadLogin } from "./login.ts";
import { freeByHand, lossLine, messageOf } from "./messages.ts";
import { loadStepState, type StepState } from "./state.ts";
import type { Surroundings } from "./toolkit.ts";

/** The post step: ends the lock that main took, and no other. */
export async function endJob(surroundings: Surroundings): Promise<void> {
  const { toolkit } = surroundings;
  const state = loadStepState(toolkit);
  if (state.lockId === "") {
    toolkit.info("This step holds no lock: nothing to end");
    return;
  }
  const status = loadJobStatus(toolkit) ?? "failure";
  try {
    toolkit.info(await endLock(state, status, surroundings));
  } catch (error) {
    reportFailure(error, { state, status, surroundings });
  }
}

/** @returns a line for the log. */
async function endLock(state: StepState, status: JobStatus, surroundings: Surroundings): Promise<string> {
  // Loaded only here: most post steps hold no lock.
  const { connect } = await import(/* webpackMode: "eager" */ "./connect.ts");
  const location = parseLocation(state.url);
  const backend = await connect(location, loadLogin(surroundings.toolkit, location), surroundings);
  try {
    return await endOn(backend, { state, status, surroundings });
  } finally {
    await backend.close();
  }
}

interface Ending {
  readonly state: StepState;
  readonly status: JobStatus;
  readonly surroundings: Surroundings;
}

async function endOn(backend: JobBackend, { state, status, surroundings }: Ending): Promise<string> {
  const job = oneLine(state.jobName);
  const deadline = surroundings.deadline();
  const lock: HeldLock = { jobName: state.jobName, id: state.lockId, record: state.record };
  if (!state.started) {
    // Main did not get as far as its outputs, so no step has worked on the interval.
    const held = await backend.abandon(lock, deadline);
    return held ? `Interrupted: ${job}, before its start was reported` : `Abandoned: ${job}, whose lock was not taken`;
  }
  if (status === "success") {
    await backend.finish(lock, deadline);
    return `Finished: ${job} until ${state.record?.state.active?.intervalEndedAt ?? "the end of its interval"}`;
  }
  await backend.interrupt(lock, deadline);
  return `Interrupted: ${job}, because the job's status is ${status}; ${nextStart(surroundings)}`;
}

/** The input is read again, and only for these words: the start alone decides. */
function nextStart({ toolkit }: Surroundings): string {
  switch (toolkit.getInput("catch-up")) {
    case "merge":
      return "the next start gets an interval that starts at the same instant";
    case "latest":
      return "the next start gets the latest interval that is due by then";
    default:
      return "the next start gets the same interval";
  }
}

function reportFailure(error: unknown, { state, status, surroundings: { toolkit } }: Ending): void {
  if (error instanceof LockLostError) {
    toolkit.setFailed(lossLine(state.jobName, error.loss));
    return;
  }
  const job = oneLine(state.jobName);
  const problem = messageOf(error);
  if (state.started && status === "success") {
    toolkit.setFailed(
      `${problem}. The job ${job} succeeded but could not be finished, so its interval will run again once the lock is free: to free it by hand, ${freeByHand()}`,
    );
    return;
  }
  const lock = state.started ? `The lock of ${job}` : `The lock of ${job}, if it was taken,`;
  if (state.willBeTakenOver) {
    toolkit.warning(
      `${problem}. ${lock} stays until a start takes it over by retry-interval: to free it by hand, ${freeByHand()}`,
    );
  } else {
    toolkit.setFailed(
      `${problem}. ${lock} stays, and without a retry-interval no start takes it over: to free it by hand, ${freeByHand()}`,
    );
  }
}
