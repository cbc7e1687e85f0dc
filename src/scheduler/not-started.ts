import type { Instant } from "./instant.ts";
import type { Holder } from "./state-document.ts";

/**
 * The refusal of a start, with its reason. The rules, the backends, the library and REST share this type. They differ only in
 * the form of an instant.
 */
export type NotStarted<Time = Instant> = Active<Time> | NotDue<Time> | RequiredJob<Time> | Unexplained;

/** Another run holds the job. */
export interface Active<Time = Instant> {
  readonly started: false;
  readonly reason: "active";
  /** The lock's id. Null where other runs keep taking the job first, or the server does not say. */
  readonly id: string | null;
  /** When the lock was taken, and when it was last updated. Null likewise. */
  readonly since: Time | null;
  readonly updatedAt: Time | null;
  readonly holder: Holder | null;
  /** When the lock can be taken over, if it is not updated before. Null: never, or the server does not say. */
  readonly retryAt: Time | null;
}

/** The interval has not ended yet, or its start buffer has not passed. */
export interface NotDue<Time = Instant> {
  readonly started: false;
  readonly reason: "not-due";
  /** When the interval may start. Null if that is not known. */
  readonly dueAt: Time | null;
}

/** A required job has not finished or skipped up to the interval's end. */
export interface RequiredJob<Time = Instant> extends MissingJob<Time> {
  readonly started: false;
  readonly reason: "required-job";
}

/** A required job that has not finished or skipped far enough. */
export interface MissingJob<Time = Instant> {
  /** The required job. */
  readonly jobName: string;
  /** The end of its last finished or skipped interval. Null: there is none. */
  readonly finishedUntil: Time | null;
  /** The instant up to which it must finish or skip. Null for a job that has finished nothing. */
  readonly neededUntil: Time | null;
  /** Whether it requires the refused job too, so that each waits for the other. */
  readonly mutual: boolean;
}

/** The server gives no reason: it is an original CronyxServer, or a newer one with a reason that is unknown here. */
export interface Unexplained {
  readonly started: false;
  readonly reason: "unknown";
}

/** Writes the instants of a refusal in another form. */
export function mapInstants<Time>(refusal: NotStarted, write: (instant: Instant) => Time): NotStarted<Time> {
  const orNull = (instant: Instant | null) => (instant === null ? null : write(instant));
  switch (refusal.reason) {
    case "active":
      return {
        ...refusal,
        since: orNull(refusal.since),
        updatedAt: orNull(refusal.updatedAt),
        retryAt: orNull(refusal.retryAt),
      };
    case "not-due":
      return { ...refusal, dueAt: orNull(refusal.dueAt) };
    case "required-job":
      return {
        ...refusal,
        finishedUntil: orNull(refusal.finishedUntil),
        neededUntil: orNull(refusal.neededUntil),
      };
    case "unknown":
      return refusal;
  }
}
