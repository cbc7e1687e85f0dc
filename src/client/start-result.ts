import type { NotStarted } from "../backend/job-backend.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { Holder } from "../scheduler/state-document.ts";
import type { Job } from "./job.ts";

/** What became of a start: the job, or why it was not started. */
export type JobStartResult = { readonly started: true; readonly job: Job } | JobNotStarted;

export type JobNotStarted =
  /** Another run holds the job. */
  | {
      readonly started: false;
      readonly reason: "active";
      /** Null where runs keep coming first, or the server doesn't tell. */
      readonly since: Date | null;
      readonly holder: Holder | null;
      /** When the lock may be taken over; null if never, or not known. */
      readonly retryAt: Date | null;
    }
  /** The interval hasn't ended yet, or its start buffer hasn't passed. */
  | {
      readonly started: false;
      readonly reason: "not-due";
      /** When it may start, if that is known. */
      readonly dueAt: Date | null;
    }
  /** A required job hasn't finished up to the interval's end. */
  | {
      readonly started: false;
      readonly reason: "required-job";
      /** The required job. */
      readonly jobName: string;
      /** Up to where it has finished; null if it has finished nothing yet. */
      readonly finishedUntil: Date | null;
      readonly neededUntil: Date;
    }
  /** A server that gives no reason. */
  | { readonly started: false; readonly reason: "unknown" };

export function notStartedOf(answer: NotStarted): JobNotStarted {
  switch (answer.reason) {
    case "active":
      return { ...answer, since: dateOf(answer.since), retryAt: dateOf(answer.retryAt) };
    case "not-due":
      return { ...answer, dueAt: dateOf(answer.dueAt) };
    case "required-job":
      return {
        ...answer,
        finishedUntil: dateOf(answer.finishedUntil),
        neededUntil: new Date(answer.neededUntil),
      };
    case "unknown":
      return answer;
  }
}

function dateOf(instant: Instant | null): Date | null {
  return instant === null ? null : new Date(instant);
}
