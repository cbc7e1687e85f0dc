import type { Duration } from "./duration.ts";
import type { Instant } from "./instant.ts";

/** A schedule as a request gives it: a cron expression, whole milliseconds of at least 1, or a {@link Duration}. */
export type JobInterval = string | number | Duration;

/** One interval of a schedule. Its end is the start of the next one. */
export interface Interval {
  readonly start: Instant;
  readonly end: Instant;
}

/** The rule that cuts time into intervals. See docs/semantics.md, "Schedules". */
export interface Schedule {
  /** The length of every interval in milliseconds, or null if the calendar or the wall clock decides. */
  readonly fixedLength: number | null;
  /** @returns the boundary that follows `instant`, always later than it. */
  next(instant: Instant): Instant;
  /** @returns the boundary that precedes `instant`, always earlier than it. */
  previous(instant: Instant): Instant;
  /**
   * Walks from `instant` with {@link next} as long as the boundaries are not after `until`. Milliseconds and cron find the
   * last one without walking.
   *
   * @param most The largest number of boundaries to walk over.
   * @returns the last two instants of the walk, or null if the first boundary is after `until`.
   */
  seek(instant: Instant, until: Instant, most: number): Seek | null;
}

/** The last step of a walk. It starts at the boundary before `end`, or at the instant from which the walk began. */
export interface Seek extends Interval {
  /** How many boundaries were walked over one by one. */
  readonly walked: number;
}
