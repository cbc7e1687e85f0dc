import { type HeldLock, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { nextStart } from "../backend/next-start.ts";
import { oneLine } from "../backend/one-line.ts";
import type { Deadline } from "../network/deadline.ts";
import { toIso } from "../scheduler/instant.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";
import { type Span, spanText } from "../scheduler/span.ts";
import type { CatchUp } from "../scheduler/start-request.ts";

/** A run that a step ends. */
export interface EndingRun {
  readonly lock: HeldLock;
  /** For the log. Null: it is not known. */
  readonly interval: Span | null;
  readonly deadline: Deadline;
}

export interface InterruptedRun extends EndingRun {
  /** Why the run counts as failed: the end of a sentence that begins with "because". */
  readonly because: string;
  /** Null: it is not known here. */
  readonly catchUp: CatchUp | null;
}

/** @returns a line for the log. @throws LockLostError unless an earlier request of this step has finished the lock. */
export async function finishLock(backend: JobBackend, { lock, interval, deadline }: EndingRun): Promise<string> {
  const before = await endedBefore("finished", backend.finish(lock, deadline));
  return `Finished: ${runText(lock, interval)}${before}`;
}

/** @returns a line for the log. @throws LockLostError unless an earlier request of this step has interrupted the lock. */
export async function interruptLock(
  backend: JobBackend,
  { lock, interval, because, catchUp, deadline }: InterruptedRun,
): Promise<string> {
  const before = await endedBefore("interrupted", backend.interrupt(lock, deadline));
  return `Interrupted: ${runText(lock, interval)}, because ${because}; ${nextStart(catchUp)}${before}`;
}

function runText({ jobName }: HeldLock, interval: Span | null): string {
  return `${oneLine(jobName)}${interval === null ? "" : ` for ${spanText(interval)}`}`;
}

/**
 * A lock that ended as this step wants it is done: an earlier request may have ended it, and its answer was lost.
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
