import { MAX_BEHIND } from "../scheduler/decide.ts";
import type { Instant } from "../scheduler/instant.ts";
import { type JobState, progressOf } from "../scheduler/state-document.ts";
import { nextEnd, prepareSchedule } from "../scheduler/what-comes-next.ts";

/** The span that a skip leaves out. */
export interface SpanToSkip {
  readonly from: Instant;
  /** Null where the state has no schedule that this version understands. */
  readonly count: IntervalCount | null;
}

/** How many intervals a span has by the job's last schedule. */
export interface IntervalCount {
  /** Counted up to `MAX_BEHIND`. */
  readonly whole: number;
  /** Whether the span ends within an interval. */
  readonly hasPart: boolean;
}

/** @returns null for a job that never began, and for one whose progress is at `until` or later. */
export async function skippedSpan(state: JobState, until: Instant): Promise<SpanToSkip | null> {
  const from = progressOf(state);
  if (from === null || until <= from) return null;
  const prepared = await prepareSchedule(state.schedule);
  if (prepared === null) return { from, count: null };
  const { schedule } = prepared;
  let whole = 0;
  let reached = from;
  let end = nextEnd(state, schedule) ?? schedule.next(from);
  for (; end <= until && whole < MAX_BEHIND; end = schedule.next(end)) {
    whole++;
    reached = end;
  }
  return { from, count: { whole, hasPart: whole < MAX_BEHIND && reached < until } };
}
