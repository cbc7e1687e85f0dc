import { HOUR, type Instant, toIso } from "../../src/scheduler/instant.ts";
import {
  type EndedRun,
  type Ending,
  type JobState,
  type Lock,
  newJobState,
  type RecordedSchedule,
} from "../../src/scheduler/state-document.ts";

export const NOON = Date.parse("2026-11-24T12:00:00Z");

/** The schedule of an hourly job. */
export const HOURLY: RecordedSchedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] };

interface RunOptions {
  readonly outcome?: Ending;
  /** Milliseconds. */
  readonly length?: number;
  readonly runUrl?: string;
}

/** A run of the interval that ends at `end`. The run itself ends a minute later. */
export function run(end: Instant, { outcome = "finished", length = HOUR, runUrl }: RunOptions = {}): EndedRun {
  const interval = { intervalStartedAt: toIso(end - length), intervalEndedAt: toIso(end) };
  return { id: `run-${end}-${outcome}`, ...interval, outcome, endedAt: toIso(end + 60_000), runUrl: runUrl ?? null };
}

/** A lock for the interval that ends at `end`, taken at that instant. */
export function lock(end: Instant, length = HOUR, more: Partial<Lock> = {}): Lock {
  const taken = { createdAt: toIso(end), updatedAt: toIso(end) };
  const interval = { intervalStartedAt: toIso(end - length), intervalEndedAt: toIso(end) };
  return { id: `lock-${end}`, ...interval, ...taken, holder: null, idempotencyKey: null, ...more };
}

export function state(name: string, more: Partial<JobState> = {}): JobState {
  return { ...newJobState(name), ...more };
}
