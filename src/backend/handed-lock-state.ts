import { ArgumentError } from "../errors/argument-error.ts";
import { ServiceError } from "../errors/service-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import type { Deadline } from "../network/deadline.ts";
import { lossOf } from "../scheduler/lock-loss.ts";
import type { JobState, Lock } from "../scheduler/state-document.ts";
import { type HandedTakenLock, isForInterval } from "./handed-lock.ts";
import { type JobBackend, LockLostError } from "./job-backend.ts";

/** @returns `hidden` for an original CronyxServer, which shows no state: the lock's id alone decides there. */
export async function shownState(
  backend: JobBackend,
  jobName: string,
  deadline: Deadline,
): Promise<JobState | null | "hidden"> {
  try {
    return (await backend.status(jobName, deadline))?.state ?? null;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "original-server") return "hidden";
    throw error;
  }
}

/**
 * Reads a lock whose text came from elsewhere: anyone can write such a text.
 *
 * @returns the active lock, or `hidden` for an original CronyxServer.
 * @throws LockLostError for a lock that is not active.
 * @throws ArgumentError `invalid-lock` for a text with another interval than the active lock.
 */
export async function readActiveLock(
  backend: JobBackend,
  lock: HandedTakenLock,
  deadline: Deadline,
): Promise<Lock | "hidden"> {
  const { jobName, id } = lock;
  const state = await shownState(backend, jobName, deadline);
  if (state === "hidden") return "hidden";
  const active = state?.active ?? null;
  if (active?.id !== id) throw new LockLostError({ jobName, id, record: null }, lossOf(id, state));
  if (!isForInterval(lock, active)) {
    throw new ArgumentError("invalid-lock", {
      field: "lock",
      problem: `${shownValue(id)} of the job ${shownValue(jobName)} is for another interval than the active lock of that id, ${active.intervalStartedAt} to ${active.intervalEndedAt}`,
    });
  }
  return active;
}
