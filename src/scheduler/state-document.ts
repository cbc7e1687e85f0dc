import { type Instant, toIso } from "./instant.ts";

/**
 * The state of a job: one document, the same in every store. See docs/semantics.md, "The state document". Instants are
 * strings as `toIso` writes them. Fields that this version does not know are kept.
 */
export interface JobState {
  readonly v: 1;
  readonly name: string;
  /** The end of the last finished interval, where the next one starts. Null before the first. */
  readonly finishedUntil: string | null;
  readonly active: Lock | null;
  /** The last 20 runs that ended, newest first. For people, and for {@link isLockIdUsed}. */
  readonly history: readonly EndedRun[];
  /** The ids of the last 20 starts that were abandoned before they had a lock, newest first. */
  readonly abandoned?: readonly string[];
}

/** The record that one interval of a job is taken. */
export interface Lock {
  /** Unique to this lock. A takeover grants a lock with a new id, so the id of the old lock ends nothing. */
  readonly id: string;
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly holder: Holder | null;
  /** The key with which the holder may repeat its start and get this lock again, or null. */
  readonly idempotencyKey: string | null;
}

/** The run that holds a lock, as it describes itself. For people: no code verifies it, and no decision reads it. */
export interface Holder {
  readonly repository?: string;
  readonly runId?: string;
  readonly attempt?: string;
  readonly job?: string;
  readonly runUrl?: string;
}

export const HOLDER_FIELDS = ["repository", "runId", "attempt", "job", "runUrl"] as const satisfies (keyof Holder)[];

/** How a run ended. */
export type Ending = "finished" | "interrupted" | "taken-over";

/** A run that ended, with the id and the interval of its lock. */
export interface EndedRun {
  readonly id: string;
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
  readonly outcome: Ending;
  readonly endedAt: string;
  readonly runUrl: string | null;
}

export const STATE_VERSION = 1;
const MAX_HISTORY = 20;
const MAX_ABANDONED = 20;

/** @returns the state of a job that has never run. */
export function newJobState(name: string): JobState {
  return { v: STATE_VERSION, name, finishedUntil: null, active: null, history: [] };
}

/** @returns the state with `lock` active. A lock that was active before is taken over. */
export function grantLock(state: JobState, lock: Lock): JobState {
  const history =
    state.active === null ? state.history : historyWith(state, endedRun(state.active, "taken-over", lock.createdAt));
  return { ...state, active: lock, history };
}

/**
 * @returns the state without an active lock. After `finished` the next interval starts where this one ended; after
 *   `interrupted` the next start decides from the same instant again. Without an active lock, `state` itself.
 */
export function endRun(state: JobState, ending: "finished" | "interrupted", now: Instant): JobState {
  if (state.active === null) return state;
  return {
    ...state,
    finishedUntil: ending === "finished" ? state.active.intervalEndedAt : state.finishedUntil,
    active: null,
    history: historyWith(state, endedRun(state.active, ending, toIso(now))),
  };
}

/** @returns the state with `id` among the abandoned starts, so that no later start is granted a lock of this id. */
export function abandonStart(state: JobState, id: string): JobState {
  const others = (state.abandoned ?? []).filter((other) => other !== id);
  return { ...state, abandoned: [id, ...others].slice(0, MAX_ABANDONED) };
}

/** Whether `history` or `abandoned` contains this id: its run has ended, or its start was abandoned. */
export function isLockIdUsed({ history, abandoned = [] }: JobState, id: string): boolean {
  return history.some((run) => run.id === id) || abandoned.includes(id);
}

function endedRun(lock: Lock, ending: Ending, endedAt: string): EndedRun {
  const { id, intervalStartedAt, intervalEndedAt, holder } = lock;
  return { id, intervalStartedAt, intervalEndedAt, outcome: ending, endedAt, runUrl: holder?.runUrl ?? null };
}

function historyWith({ history }: JobState, run: EndedRun): readonly EndedRun[] {
  return [run, ...history].slice(0, MAX_HISTORY);
}
