import { LockLostError } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { messageOf } from "./error-message.ts";
import { lossLine } from "./loss-line.ts";
import { freeByHand } from "./messages.ts";
import type { StepState } from "./state.ts";
import type { Toolkit } from "./toolkit.ts";

interface FailedEnd {
  readonly state: StepState;
  /** Whether the run was to be finished, and not interrupted or abandoned. */
  readonly isFinished: boolean;
  readonly toolkit: Toolkit;
}

/** Reports why the post step could not end its lock, and what becomes of the lock. */
export async function reportFailure(error: unknown, { state, isFinished, toolkit }: FailedEnd): Promise<void> {
  if (error instanceof LockLostError) {
    toolkit.setFailed(lossLine(state.jobName, error.loss));
    return;
  }
  const job = oneLine(state.jobName);
  const problem = await messageOf(error);
  if (isFinished) {
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
