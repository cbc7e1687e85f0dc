import type { Started } from "../backend/job-backend.ts";
import { holderLine, oneLine } from "../backend/one-line.ts";
import { toIso } from "../scheduler/instant.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import { actionMessage } from "./remedies.ts";

export function startedLine({ jobName, intervalStartedAt, intervalEndedAt, lock }: Started): string {
  const started = lock === null ? "Started without a lock" : "Started";
  return `${started}: ${oneLine(jobName)} for ${toIso(intervalStartedAt)} to ${toIso(intervalEndedAt)}`;
}

export function notStartedLine(jobName: string, answer: NotStarted): string {
  const job = oneLine(jobName);
  switch (answer.reason) {
    case "active": {
      if (answer.since === null) {
        return `Not started (active): other runs keep taking the lock of ${job}; a later run can take it`;
      }
      const takeover =
        answer.retryAt === null
          ? "this step has no retry-interval, so it does not take the lock over"
          : `it can be taken over from ${toIso(answer.retryAt)}`;
      return `Not started (active): ${job} is held by ${holderLine(answer.holder)} since ${toIso(answer.since)}; ${takeover}`;
    }
    case "not-due":
      return answer.dueAt === null
        ? `Not started (not-due): the first interval of ${job} is shorter than start-buffer`
        : `Not started (not-due): ${job} is due at ${toIso(answer.dueAt)}`;
    case "required-job": {
      const { neededUntil, finishedUntil } = answer;
      const needed = neededUntil === null ? "" : ` until ${toIso(neededUntil)}`;
      const mutual = answer.mutual ? `; it requires ${job} in turn, so neither can ever start` : "";
      return `Not started (required-job): ${job} needs ${oneLine(answer.jobName)} to have finished${needed}, and it ${
        finishedUntil === null ? "has finished nothing yet" : `has finished until ${toIso(finishedUntil)}`
      }${mutual}`;
    }
    case "unknown":
      return `Not started (unknown): the server does not say whether ${job} is held, not due, or waits for a required job`;
  }
}

export function lossLine(jobName: string, loss: LockLoss): string {
  const job = oneLine(jobName);
  const doubled = "so other runs may have done the same interval too";
  switch (loss.ending) {
    case "taken-over":
      return `The lock of ${job} was taken over at ${toIso(loss.at)} by ${holderLine(loss.holder)} before this run ended, so both did the same interval: set retry-interval to more than the longest run takes`;
    case "finished":
    case "interrupted":
      return `The run of ${job} was ${loss.ending} at ${toIso(loss.at)} by another caller, and not by this step, ${doubled}`;
    case "unknown":
      return `The lock of ${job} is gone, and this step did not end it, ${doubled}`;
  }
}

/** How to free a lock that is still active: the end of a sentence. */
export function freeByHand(): string {
  return "run the job once with retry-interval: 0, which takes the lock over (docs/locks.md has other ways)";
}

/** @returns an error's message and remedy, on one line. */
export function messageOf(error: unknown): string {
  return oneLine(actionMessage(error));
}
