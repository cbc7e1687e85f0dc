import { type HeldLock, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { canonicalUrl, type Location } from "../location/location.ts";
import { toIso } from "../scheduler/instant.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";
import { type JobStatus, loadDeadline, loadJobStatus, loadLocation } from "./inputs.ts";
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
    await reportFailure(error, { state, status, surroundings });
  }
}

/** @returns a line for the log. */
async function endLock(state: StepState, status: JobStatus, surroundings: Surroundings): Promise<string> {
  // Loaded only here: most post steps hold no lock.
  const { connect } = await import(/* webpackMode: "eager" */ "./connect.ts");
  const location = unchangedLocation(state, surroundings);
  const backend = await connect(location, loadLogin(surroundings.toolkit, location), surroundings, {
    isMarked: state.isMarked,
  });
  try {
    return await endOn(backend, { state, status, surroundings });
  } finally {
    await backend.close();
  }
}

/**
 * The runner evaluates the inputs again for post, and only they say where to send a token.
 *
 * @throws ArgumentError if they lead to another place than the one where main took the lock.
 */
function unchangedLocation({ location: before }: StepState, { toolkit, env }: Surroundings): Location {
  const location = loadLocation(toolkit, env);
  const now = canonicalUrl(location);
  if (now === before) return location;
  throw new ArgumentError("location-changed", {
    field: "url",
    value: now,
    problem: `is not where this step took its lock, ${before === "" ? "which its state does not name" : shownValue(before)}, so nothing was sent`,
  });
}

interface Ending {
  readonly state: StepState;
  readonly status: JobStatus;
  readonly surroundings: Surroundings;
}

async function endOn(backend: JobBackend, { state, status, surroundings }: Ending): Promise<string> {
  const job = oneLine(state.jobName);
  const deadline = surroundings.deadline(await deadlineOf(surroundings));
  const lock: HeldLock = { jobName: state.jobName, id: state.lockId, record: state.record };
  if (!state.started) {
    // Main did not get as far as its outputs, so no step has worked on the interval.
    const held = await backend.abandon(lock, deadline);
    return held ? `Interrupted: ${job}, before its start was reported` : `Abandoned: ${job}, whose lock was not taken`;
  }
  if (status === "success") {
    const before = await endedBefore("finished", backend.finish(lock, deadline));
    return `Finished: ${job} until ${state.record?.state.active?.intervalEndedAt ?? "the end of its interval"}${before}`;
  }
  const before = await endedBefore("interrupted", backend.interrupt(lock, deadline));
  return `Interrupted: ${job}, because the job's status is ${status}; ${nextStart(surroundings)}${before}`;
}

/**
 * A lock that ended as this step wants it is done: an earlier post may have ended it, and lost the answer.
 *
 * @returns the end of a line for the log.
 */
async function endedBefore(ending: LockLoss["ending"], end: Promise<void>): Promise<string> {
  try {
    await end;
    return "";
  } catch (error) {
    if (!(error instanceof LockLostError) || error.loss.ending !== ending || error.loss.ending === "unknown")
      throw error;
    return `, as an earlier request recorded at ${toIso(error.loss.at)}`;
  }
}

/** Main refused a wrong deadline. If the input changed since then, the lock must still be ended. */
async function deadlineOf({ toolkit }: Surroundings): Promise<number> {
  try {
    return loadDeadline(toolkit, "post");
  } catch (error) {
    toolkit.warning(await messageOf(error));
    return loadDeadline({ ...toolkit, getInput: () => "" }, "post");
  }
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

async function reportFailure(error: unknown, { state, status, surroundings: { toolkit } }: Ending): Promise<void> {
  if (error instanceof LockLostError) {
    toolkit.setFailed(lossLine(state.jobName, error.loss));
    return;
  }
  const job = oneLine(state.jobName);
  const problem = await messageOf(error);
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
