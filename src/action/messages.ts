import type { LockLoss, NotStarted, Started } from "../backend/job-backend.ts";
import { holderLine, inLine } from "../backend/line.ts";
import { toIso } from "../scheduler/instant.ts";

export function startedLine({ jobName, intervalStartedAt, intervalEndedAt, lock }: Started): string {
  const what = lock === null ? "Started without a lock" : "Started";
  return `${what}: ${inLine(jobName)} for ${toIso(intervalStartedAt)} to ${toIso(intervalEndedAt)}`;
}

export function notStartedLine(jobName: string, answer: NotStarted): string {
  const job = inLine(jobName);
  switch (answer.reason) {
    case "active": {
      if (answer.since === null)
        return `Not started (active): other runs keep starting ${job}; the next run of this workflow will see it settled`;
      const takeover =
        answer.retryAt === null
          ? "no retry-interval is set, so it is never taken over"
          : `it can be taken over from ${toIso(answer.retryAt)}`;
      return `Not started (active): ${job} is held by ${holderLine(answer.holder)} since ${toIso(answer.since)}; ${takeover}`;
    }
    case "not-due":
      return answer.dueAt === null
        ? `Not started (not-due): ${job} is not due, its first interval being shorter than start-buffer`
        : `Not started (not-due): ${job} is not due until ${toIso(answer.dueAt)}`;
    case "required-job":
      return `Not started (required-job): ${job} needs ${inLine(answer.jobName)} to have finished until ${toIso(answer.neededUntil)}, and it ${
        answer.finishedUntil === null ? "has finished nothing yet" : `has until ${toIso(answer.finishedUntil)}`
      }`;
    case "unknown":
      return `Not started (unknown): the server doesn't say whether ${job} is held, not due, or waits for a required job`;
  }
}

export function lossLine(jobName: string, loss: LockLoss): string {
  const job = inLine(jobName);
  switch (loss.to) {
    case "takeover":
      return `The lock of ${job} was taken over at ${toIso(loss.at)} by ${holderLine(loss.holder)} while this run went on: both did the same interval. Give retry-interval more than the longest run takes`;
    case "finish":
    case "interrupt":
      return `The lock of ${job} was ended (${loss.to}) at ${toIso(loss.at)}, and not by this step, while this run went on: the same interval may have been run by others too`;
    case "unknown":
      return `The lock of ${job} is gone, and not by this step, while this run went on: the same interval may have been run by others too`;
  }
}

/** How to free a lock that stays behind, for the end of a sentence. */
export function freeByHand(): string {
  return "to free it by hand, run the job once with retry-interval: 0, which takes it over (docs/locks.md has other ways)";
}

export function messageOf(error: unknown): string {
  return inLine(error instanceof Error ? error.message : String(error));
}
