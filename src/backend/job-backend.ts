import type { ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import type { Span } from "../scheduler/span.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import type { Holder } from "../scheduler/state-document.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";
import type { JobRecord } from "../store/job-store.ts";

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
  /** Updates a lock, so that its retry interval counts from now. @throws LockLostError */
  renew(lock: HeldLock, deadline: Deadline): Promise<ActiveLock>;
  /**
   * Makes an interrupted lock active again, if no lock of the job was granted since.
   *
   * @param holder The new holder of the lock.
   * @throws LockLostError that names the holder that was granted the job since, where there is one.
   */
  resume(lock: HeldLock, holder: Holder | null, deadline: Deadline): Promise<ActiveLock>;
  /**
   * Declares all intervals up to an instant done, although no run did them.
   *
   * @throws ArgumentError for an instant in the future, or not after the job's progress.
   * @throws JobActiveError while a lock of the job is active.
   */
  skip(jobName: string, until: Instant, deadline: Deadline): Promise<JobStatus>;
  /** @returns the states of all jobs that were ever started. */
  states(deadline: Deadline): Promise<JobStates>;
  /** @returns the state of a job, or null if it was never started. */
  status(jobName: string, deadline: Deadline): Promise<JobStatus | null>;
  /** Removes the state document of a job, damaged or not, where the backend can. @returns whether it did. */
  remove?(jobName: string, deadline: Deadline): Promise<boolean>;
  /** @returns the present instant by the clock that decides, where the backend knows that clock. */
  now?(): Instant;
  close(): Promise<void>;
}

/** The states of all jobs, in the order of their names. */
export interface JobStates {
  readonly jobs: readonly JobStatus[];
  /** The names of the jobs whose state documents are damaged. */
  readonly damaged: readonly string[];
  /** An error for each state document that is too damaged to have a name. */
  readonly nameless?: readonly ServiceError[];
}

/** The two calls that end a run, and the ending that each adds to the job's history. */
export const ENDING_OF = { finish: "finished", interrupt: "interrupted" } as const;
export type End = keyof typeof ENDING_OF;

/** Identifies one start, the lock that it may take, and the holder. */
export interface Claim {
  /**
   * New for each start. While the lock is active, a start with the same key gets the same lock again. No server shows it.
   */
  readonly idempotencyKey: string;
  /** The id of the lock to be granted, derived from the key, so that the lock can be found after a lost answer. */
  readonly lockId: string;
  readonly holder: Holder | null;
  /** Called immediately before the first write that may take the lock. */
  readonly beforeTaking?: () => void;
}

/** A granted lock. The calls that end, renew or resume a lock need it. */
export interface HeldLock {
  readonly jobName: string;
  readonly id: string;
  /** The job's record after the start, if it is known: with it, an end needs no read. */
  readonly record: JobRecord | null;
}

/** The outcome of a start. */
export type StartAnswer = Started | NotStarted;

/** An active lock, and its interval. */
export interface ActiveLock {
  readonly jobName: string;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly lock: HeldLock;
}

export interface Started extends Omit<ActiveLock, "lock"> {
  readonly started: true;
  /** Null for a start without a lock: there is nothing to end. */
  readonly lock: HeldLock | null;
  /** How many further intervals are due after this one. Null: an original server does not send it. */
  readonly behind: number | null;
  /** The span before the interval that `catchUp: latest` leaves out. */
  readonly skipped: Span | null;
  /** The lock that this start took over. */
  readonly takenOver: TakenOver | null;
}

export interface TakenOver {
  readonly holder: Holder | null;
  /** When the lock was taken. Null: an older version has not recorded it. */
  readonly since: Instant | null;
}

/** A lock that is not active any longer, so its holder cannot end, renew or resume it. */
export class LockLostError extends Error {
  override name = "LockLostError";
  readonly loss: LockLoss;
  /** The holder to which the job was granted since. Null: there is none, or it is not known. */
  readonly grantedSince: Holder | null;

  /** @param options With a cause: the failure that left the loss unknown. */
  constructor(
    { jobName, id }: HeldLock,
    loss: LockLoss,
    { grantedSince = null, ...options }: ErrorOptions & { readonly grantedSince?: Holder | null } = {},
  ) {
    super(`The lock ${id} of the job ${JSON.stringify(jobName)} is no longer active`, options);
    this.loss = loss;
    this.grantedSince = grantedSince;
  }
}

/** A lock of the job is active, so intervals cannot be skipped. */
export class JobActiveError extends Error {
  override name = "JobActiveError";
  readonly holder: Holder | null;
  readonly since: Instant | null;

  constructor(jobName: string, { holder, since }: { readonly holder: Holder | null; readonly since: Instant | null }) {
    super(`The job ${JSON.stringify(jobName)} is held, so its intervals cannot be skipped`);
    this.holder = holder;
    this.since = since;
  }
}
