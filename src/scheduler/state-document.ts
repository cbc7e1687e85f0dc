import type { Length } from "./duration.ts";
import type { Instant } from "./instant.ts";
import type { JobInterval } from "./schedule.ts";

/**
 * The state of a job: one document, the same in every store. See docs/semantics.md, "The state document". Instants are
 * strings as `toIso` writes them. Fields that this version does not know are kept. The only functions
 * that change a state are in job-transitions.ts and rare-transitions.ts.
 */
export interface JobState {
  readonly v: 1;
  readonly name: string;
  /** The end of the last finished or skipped interval, where the next one starts. Null before the first. */
  readonly finishedUntil: string | null;
  readonly active: Lock | null;
  /** The last 20 runs that ended, newest first. */
  readonly history: readonly EndedRun[];
  /** The first interval as it was last granted. Until the job finishes it, the same interval is granted again. */
  readonly begun?: RecordedInterval;
  /** The schedule of the last grant. */
  readonly schedule?: RecordedSchedule;
  /** The last 20 spans that no run finished and that the job passed over, newest first. */
  readonly skipped?: readonly SkippedSpan[];
  /** The ids of the runs that ended within the last hour and are no longer in {@link history}, newest first. */
  readonly ended?: readonly EndedId[];
  /**
   * The ids of the starts that were abandoned within the last hour, newest first. A document of an older version has ids
   * without an instant.
   */
  readonly abandoned?: readonly (AbandonedId | string)[];
}

/** An interval as a state document has it. */
export interface RecordedInterval {
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
}

/** The record that one interval of a job is taken. */
export interface Lock extends RecordedInterval {
  /** Unique to this lock. A takeover grants a lock with a new id, so the id of the old lock ends nothing. */
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly holder: Holder | null;
  /** Null, or the key of a lock that version 0.1.0 granted. Versions before 1 require the field. */
  readonly idempotencyKey: string | null;
}

/** The run that holds a lock, as it describes itself. For people: no code verifies it, and no decision reads it. */
export interface Holder {
  /** The GitHub server of the run: run ids of two servers may be equal. */
  readonly serverUrl?: string;
  readonly repository?: string;
  readonly runId?: string;
  readonly attempt?: string;
  /** The key of the run's job in its workflow. */
  readonly job?: string;
  /** GitHub's id of the run's job: https://docs.github.com/en/rest/checks/runs */
  readonly checkRunId?: string;
  readonly runUrl?: string;
  /** `job`: the lock is held for one job of the run. Left out by the commands and the library. */
  readonly kind?: string;
}

export const HOLDER_FIELDS = [
  "serverUrl",
  "repository",
  "runId",
  "attempt",
  "job",
  "checkRunId",
  "runUrl",
  "kind",
] as const satisfies (keyof Holder)[];

/** How a run ended. */
export type Ending = "finished" | "interrupted" | "taken-over";

/** A run that ended, with the id and the interval of its lock. */
export interface EndedRun extends RecordedInterval {
  readonly id: string;
  /** An {@link Ending}, or a word of a newer version. */
  readonly outcome: string;
  /** When its lock was created. Older versions do not record it. */
  readonly createdAt?: string;
  readonly endedAt: string;
  readonly runUrl: string | null;
  /** The rest of its holder, without `runUrl`. Older versions do not record it. */
  readonly holder?: Holder;
}

/** A request's schedule, as the request gave it. */
export interface RecordedSchedule {
  readonly jobInterval: JobInterval;
  readonly timezone: string;
  readonly startBuffer: Length;
  readonly requiredJobNames: readonly string[];
}

export interface SkippedSpan {
  readonly skippedStartedAt: string;
  readonly skippedEndedAt: string;
  /** When the job passed over the span. */
  readonly recordedAt: string;
}

interface EndedId {
  readonly id: string;
  readonly endedAt: string;
}

interface AbandonedId {
  readonly id: string;
  readonly abandonedAt: string;
}

export const STATE_VERSION = 1;

/** @returns the state of a job that has never run. */
export function newJobState(name: string): JobState {
  return { v: STATE_VERSION, name, finishedUntil: null, active: null, history: [] };
}

/** @returns the end of the last finished or skipped interval, or null before the first. */
export function finishedUntilOf({ finishedUntil }: JobState): Instant | null {
  return finishedUntil === null ? null : Date.parse(finishedUntil);
}

/** @returns the first interval that the job began, or null if it never did. */
export function begunOf({ begun, finishedUntil, active }: JobState) {
  // A document of an older version has no `begun`, but its active lock may be for the first interval.
  const first = begun ?? (finishedUntil === null ? active : null);
  if (first === null) return null;
  return {
    intervalStartedAt: Date.parse(first.intervalStartedAt),
    intervalEndedAt: Date.parse(first.intervalEndedAt),
  };
}

/** @returns where the job's next interval starts, or null if the job never began. */
export function progressOf(state: JobState): Instant | null {
  return finishedUntilOf(state) ?? begunOf(state)?.intervalStartedAt ?? null;
}

/** @returns the holder of a run that ended, as far as the history has it. */
export function holderOf({ holder, runUrl }: EndedRun): Holder | null {
  if (holder === undefined && runUrl === null) return null;
  return { ...holder, ...(runUrl !== null && { runUrl }) };
}

/** @returns how a run ended, or null for an outcome that only a newer version knows. */
export function endingOf({ outcome }: EndedRun): Ending | null {
  return outcome === "finished" || outcome === "interrupted" || outcome === "taken-over" ? outcome : null;
}

/** Whether a lock of this id was granted, and its run has ended, or its start was abandoned. */
export function isLockIdUsed(state: JobState, id: string): boolean {
  const { history, ended = [] } = state;
  return [...history, ...ended].some((run) => run.id === id) || isAbandoned(state, id);
}

/** Whether the start of this id was abandoned. */
export function isAbandoned({ abandoned = [] }: JobState, id: string): boolean {
  return abandoned.some((entry) => (typeof entry === "string" ? entry : entry.id) === id);
}
