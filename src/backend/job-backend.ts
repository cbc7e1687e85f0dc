import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import type { Holder, JobState } from "../scheduler/state-document.ts";
import type { JobRecord } from "../store/job-store.ts";

export type { LockLoss } from "../scheduler/lock-loss.ts";

/**
 * Decides on starts, and ends runs. Calls throw an ArgumentError for a bad request, and a ServiceError when nothing could
 * be decided.
 */
export interface JobBackend {
  /** Asks for the next due interval. */
  start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer>;
  /** Ends a run that succeeded: the next interval starts where this one ended. @throws LockLostError */
  finish(lock: HeldLock, deadline: Deadline): Promise<void>;
  /** Ends a run that failed: the interval is granted again. @throws LockLostError */
  interrupt(lock: HeldLock, deadline: Deadline): Promise<void>;
  /**
   * Gives up a start whose answer was lost, so that it holds no lock: neither now nor if its request arrives later.
   *
   * @returns whether it held the lock.
   */
  abandon(lock: HeldLock, deadline: Deadline): Promise<boolean>;
  /** @returns the states of all jobs that were ever started. */
  states(deadline: Deadline): Promise<JobStates>;
  /** @returns the state of a job, or null if it was never started. */
  status(jobName: string, deadline: Deadline): Promise<JobState | null>;
  close(): Promise<void>;
}

/** The states of all jobs, in the order of their names. */
export interface JobStates {
  readonly states: readonly JobState[];
  /** The names of the jobs whose state documents are damaged. */
  readonly damaged: readonly string[];
}

/** What a caller takes a lock with. */
export interface Claim {
  /** The id of the lock to be granted: new for each start, so that the lock can be found after a lost answer. */
  readonly lockId: string;
  readonly holder: Holder | null;
  /** While the lock is active, a start with the same key gets the same lock again. Null: without a key. */
  readonly idempotencyKey: string | null;
  /** Called immediately before the first write that may take the lock. */
  readonly beforeTaking?: () => void;
}

/** A granted lock, by which its run is ended. */
export interface HeldLock {
  readonly jobName: string;
  readonly id: string;
  /** The job's record after the start, if it is known: with it, an end needs no read. */
  readonly record: JobRecord | null;
}

/** The outcome of a start. */
export type StartAnswer = Started | NotStarted;

export interface Started {
  readonly started: true;
  readonly jobName: string;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Null for a start without a lock: there is nothing to end. */
  readonly lock: HeldLock | null;
}

/** The run no longer holds its lock, so it cannot end it: the lock was finished, interrupted or taken over. */
export class LockLostError extends Error {
  override name = "LockLostError";
  readonly loss: LockLoss;

  /** @param options With a cause: the failure that left the loss unknown. */
  constructor({ jobName, id }: HeldLock, loss: LockLoss, options: ErrorOptions = {}) {
    super(`The lock ${id} of the job ${JSON.stringify(jobName)} is no longer active`, options);
    this.loss = loss;
  }
}
