import { type HeldLock, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { inLine } from "../backend/line.ts";
import type { Deadline } from "../network/deadline.ts";
import type { JobRecord } from "../store/job-store.ts";
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

  const job = inLine(state.jobName);
  const status = loadJobStatus(toolkit) ?? "failure";
  try {
    // Only here: most posts hold no lock, and have nothing to do.
    const { connect } = await import(/* webpackMode: "eager" */ "./connect.ts");
    const backend = await connect(state.url, loadLogin(toolkit, state.url), surroundings);
    try {
      toolkit.info(await endLock(backend, state, status, job, surroundings.deadline()));
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (error instanceof LockLostError) {
      toolkit.setFailed(lossLine(state.jobName, error.loss));
      return;
    }
    if (state.started && status === "success") {
      toolkit.setFailed(
        `${messageOf(error)}. The job ${job} succeeded but couldn't be finished, so its interval will run again once the lock is free: ${freeByHand()}`,
      );
    } else if (state.willBeTakenOver) {
      toolkit.warning(
        `${messageOf(error)}. The lock of ${job} stays behind until retry-interval frees it: ${freeByHand()}`,
      );
    } else {
      toolkit.setFailed(
        `${messageOf(error)}. The lock of ${job} stays behind, and without a retry-interval nothing frees it: ${freeByHand()}`,
      );
    }
  }
}

/** @returns what was done, for the log. */
async function endLock(
  backend: JobBackend,
  state: StepState,
  status: JobStatus,
  job: string,
  deadline: Deadline,
): Promise<string> {
  const lock: HeldLock = { jobName: state.jobName, id: state.lockId, record: state.record };
  if (!state.started) {
    // Main never came to say that it was started: no step has worked on the interval.
    const held = await backend.abandon(lock, deadline);
    return held ? `Interrupted: ${job}, which never got to start` : `Released: ${job}, of which nothing was taken`;
  }
  if (status === "success") {
    await backend.finish(lock, deadline);
    return `Finished: ${job} until ${state.record?.state.active?.intervalEndedAt ?? "the end of its interval"}`;
  }
  await backend.interrupt(lock, deadline);
  return `Interrupted: ${job}, because the job's status is ${status}; ${whatComesNext(state.record)}`;
}

/** A first interval isn't remembered: nothing has finished yet that the next one could start from. */
function whatComesNext(record: JobRecord | null): string {
  if (record === null) return "the job is free for the next start";
  return record.state.finishedUntil === null
    ? "nothing of it has finished yet, so the next start gets its first interval, up to then"
    : "the same interval will be granted again";
}
