import type { Deadline } from "../network/deadline.ts";
import type { JobState } from "../scheduler/state-document.ts";

/** A job's state as it was read, and which of its versions that was. */
export interface JobRecord {
  /** Stands for exactly this document; no other one ever has the same. */
  readonly version: string;
  readonly state: JobState;
}

/**
 * A compare-and-swap register that holds one state document per job, and nothing more: it knows no intervals. Every
 * call throws a {@link StoreError} when the store can't do its work.
 */
export interface JobStore {
  /** @returns the record of each of these jobs that has one. */
  read(names: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, JobRecord>>;

  /**
   * Replaces the document of the job that `state` names, if it still is the one of `expected`.
   *
   * @param expected The version that was read, or null if the job had no document.
   */
  swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap>;

  /** @returns the names of all jobs that have a document. */
  list(deadline: Deadline): Promise<readonly string[]>;

  close(): Promise<void>;
}

export type Swap =
  /** The document stands there, as this version. */
  | { readonly version: string }
  /**
   * Another document stands there. Unsettled: an answer was lost, so this one may have stood there in between, and only
   * what stands there now can tell. Otherwise it never did.
   */
  | { readonly version: null; readonly unsettled: boolean };

export type StoreErrorCode =
  /** The credentials are missing or were refused. */
  | "unauthorized"
  /** The credentials don't allow this. */
  | "forbidden"
  /** There is no such store, or the credentials may not see it. */
  | "not-found"
  /** The store refuses to write, for a reason of its own. */
  | "refused"
  /** No answer, or none that was any use, until the deadline. */
  | "unreachable"
  /** What answers isn't a store of this kind. */
  | "unusable"
  /** A state document can't be read. */
  | "damaged";

/** A store that can't do its work. The message says why, and what to do about it. */
export class StoreError extends Error {
  override name = "StoreError";
  readonly code: StoreErrorCode;
  /** Whether the call may have written all the same, or may still come to: its answer was lost. */
  readonly unsettled: boolean;

  constructor(code: StoreErrorCode, message: string, options: ErrorOptions & { unsettled?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.unsettled = options.unsettled ?? false;
  }
}
