import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import type { Holder, JobState } from "../scheduler/state-document.ts";
import type { JobRecord } from "../store/job-store.ts";

/** Who decides on starts. Calls throw an ArgumentError for a bad request, and a StoreError when nothing can be decided. */
export interface JobBackend {
  /** Asks for the next due interval. */
  start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer>;
  /** Ends a run that succeeded: the next interval starts where this one ended. Throws a {@link LockLostError}. */
  finish(lock: HeldLock, deadline: Deadline): Promise<void>;
  /** Ends a run that failed: the interval is granted again. Throws a {@link LockLostError}. */
  interrupt(lock: HeldLock, deadline: Deadline): Promise<void>;
  /**
   * Ends a start that was given up before its answer came, so that it holds nothing: neither now nor when a request of
   * its own that is still on its way gets there.
   *
   * @returns whether it held the lock.
   */
  abandon(lock: HeldLock, deadline: Deadline): Promise<boolean>;
  /** @returns what is kept of every job that was ever started. */
  states(deadline: Deadline): Promise<JobStates>;
  /** @returns what is kept of a job, or null if it was never started. */
  status(jobName: string, deadline: Deadline): Promise<JobState | null>;
  close(): Promise<void>;
}

/** What is kept of all jobs, each list by their names' order. */
export interface JobStates {
  readonly states: readonly JobState[];
  /** The names of the jobs of which what is kept can't be read. */
  readonly unreadable: readonly string[];
}

/** What a caller brings along to take a lock with. */
export interface Claim {
  /** The id that the lock will have: fresh for each start, so that the lock is known by it whatever happens to an answer. */
  readonly lockId: string;
  readonly holder: Holder | null;
  /** A key under which the caller may ask for the same lock again while it is active, or null. */
  readonly idempotencyKey: string | null;
  /** Called right before anything is written that may take the lock. */
  readonly beforeTaking?: () => void;
}

/** A lock by which a run can be ended. */
export interface HeldLock {
  readonly jobName: string;
  readonly id: string;
  /** The job's record as the start left it, if it is known: it saves the end from reading it. */
  readonly record: JobRecord | null;
}

export type StartAnswer = Started | NotStarted;

export interface Started {
  readonly started: true;
  readonly jobName: string;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Null for a start without lock: there is nothing to end. */
  readonly lock: HeldLock | null;
}

export type NotStarted =
  | {
      readonly started: false;
      readonly reason: "active";
      readonly since: Instant | null;
      readonly holder: Holder | null;
      /** When the lock may be taken over; null if never, or not known. */
      readonly retryAt: Instant | null;
    }
  | {
      readonly started: false;
      readonly reason: "not-due";
      /** When the interval may start, if that is known. */
      readonly dueAt: Instant | null;
    }
  | {
      readonly started: false;
      readonly reason: "required-job";
      readonly jobName: string;
      readonly finishedUntil: Instant | null;
      readonly neededUntil: Instant;
    }
  /** A server that gives no reason. */
  | { readonly started: false; readonly reason: "unknown" };

/** The run doesn't hold the lock any more, so it can't end it: it was finished, interrupted or taken over. */
export class LockLostError extends Error {
  override name = "LockLostError";
  readonly loss: LockLoss;

  /** @param options A cause: what kept the loss from being known. */
  constructor(message: string, loss: LockLoss, options: ErrorOptions = {}) {
    super(message, options);
    this.loss = loss;
  }
}

export type LockLoss =
  | { readonly to: "takeover"; readonly at: Instant; readonly holder: Holder | null }
  | { readonly to: "finish" | "interrupt"; readonly at: Instant }
  /** The job's last runs don't tell. */
  | { readonly to: "unknown" };
