import { type Instant, toIso } from "./instant.ts";

/**
 * What is kept of a job: one document, the same in every store, told in docs/semantics.md, "The state document".
 * Instants are ISO 8601 in UTC. Fields that this version doesn't know are kept.
 */
export interface JobState {
  readonly v: 1;
  readonly name: string;
  /** The end of the last finished interval, where the next one starts. Null before the first. */
  readonly finishedUntil: string | null;
  readonly active: Lock | null;
  /** The last runs that ended, newest first. For people: no decision reads it. */
  readonly history: readonly EndedRun[];
  /** The ids of the last starts that were given up before they held a lock, newest first: none of them gets one. */
  readonly abandoned?: readonly string[];
}

/** The record that one interval of a job is taken. */
export interface Lock {
  /** Unique to this lock. A takeover's lock has an id of its own, so the old one ends nothing any more. */
  readonly id: string;
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly holder: Holder | null;
  /** The key under which a caller may ask for the same lock again, or null. */
  readonly idempotencyKey: string | null;
}

/** Who holds a lock, as the holder tells it. For people: nobody checks it, and no decision reads it. */
export interface Holder {
  readonly repository?: string;
  readonly runId?: string;
  readonly attempt?: string;
  readonly job?: string;
  readonly runUrl?: string;
}

export const HOLDER_FIELDS = ["repository", "runId", "attempt", "job", "runUrl"] as const satisfies (keyof Holder)[];

export type Outcome = "finished" | "interrupted" | "taken-over";

export interface EndedRun {
  readonly id: string;
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
  readonly outcome: Outcome;
  readonly endedAt: string;
  readonly runUrl: string | null;
}

export const STATE_VERSION = 1;
const HISTORY_LENGTH = 20;
const MOST_ABANDONED = 20;

/** The state of a job that has never run. */
export function newJobState(name: string): JobState {
  return { v: STATE_VERSION, name, finishedUntil: null, active: null, history: [] };
}

/** Grants `lock`. A lock that is still active is taken over by it. */
export function withLock(state: JobState, lock: Lock): JobState {
  const history = state.active === null ? state.history : ended(state, state.active, "taken-over", lock.createdAt);
  return { ...state, active: lock, history };
}

/** Ends the active lock. After `finished` the next interval starts where this one ended; after `interrupted` it comes again. */
export function withoutLock(state: JobState, outcome: "finished" | "interrupted", now: Instant): JobState {
  if (state.active === null) return state;
  return {
    ...state,
    finishedUntil: outcome === "finished" ? state.active.intervalEndedAt : state.finishedUntil,
    active: null,
    history: ended(state, state.active, outcome, toIso(now)),
  };
}

/** Notes that no lock of this id is to be granted any more. */
export function withAbandoned(state: JobState, id: string): JobState {
  const others = (state.abandoned ?? []).filter((other) => other !== id);
  return { ...state, abandoned: [id, ...others].slice(0, MOST_ABANDONED) };
}

/** Whether a lock of this id has ended or was given up, as far back as the state tells. */
export function isSpent({ history, abandoned = [] }: JobState, id: string): boolean {
  return history.some((run) => run.id === id) || abandoned.includes(id);
}

function ended(state: JobState, lock: Lock, outcome: Outcome, endedAt: string): readonly EndedRun[] {
  const { id, intervalStartedAt, intervalEndedAt, holder } = lock;
  const run = { id, intervalStartedAt, intervalEndedAt, outcome, endedAt, runUrl: holder?.runUrl ?? null };
  return [run, ...state.history].slice(0, HISTORY_LENGTH);
}
