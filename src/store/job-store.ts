import type { Effect, ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { JobState } from "../scheduler/state-document.ts";

/** A job's state document, and the version that was read. */
export interface JobRecord {
  /** Identifies exactly this document: no two documents ever have the same version. */
  readonly version: string;
  readonly state: JobState;
}

export interface Reading {
  /** The record of each job that has one, by the job's name. */
  readonly records: ReadonlyMap<string, JobRecord>;
  /** The time of the store's own clock when it was read, or null if the store has none. */
  readonly now: Instant | null;
}

/** @returns the state in each record, by the job's name. */
export function statesIn(records: ReadonlyMap<string, JobRecord>): ReadonlyMap<string, JobState> {
  return new Map([...records].map(([name, { state }]) => [name, state]));
}

/**
 * A compare-and-swap register that holds one state document for each job. The rules about intervals are in `scheduler/`.
 * Every call throws a ServiceError when the store cannot do its part.
 */
export interface JobStore {
  read(names: readonly string[], deadline: Deadline): Promise<Reading>;

  /**
   * Replaces the document of the job that `state` names, if its version is still `expected`.
   *
   * @param expected The version that was read, or null if the job had no document.
   */
  swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap>;

  /**
   * @param onDamaged Called for each document that is too damaged to have a name. Without it, `list` throws the first error.
   * @returns the names of all jobs that have a document, except the damaged ones that `onDamaged` got.
   */
  list(deadline: Deadline, onDamaged?: (error: ServiceError) => void): Promise<readonly string[]>;

  /**
   * Removes the document of a job, damaged or not. A store may lack this method.
   *
   * @returns whether it removed the document: false if there is none, or if another caller has replaced it meanwhile.
   */
  remove?(name: string, deadline: Deadline): Promise<boolean>;

  close(): Promise<void>;
}

export type Swap =
  /** The swap was made: the job's document now has this version. */
  | { readonly version: string }
  /**
   * The job has another document. With the effect `possible` an answer was lost: this swap may have been made, and its
   * document replaced since. The present document shows it. With `none` this swap was never made.
   */
  | { readonly version: null; readonly effect: Effect };
