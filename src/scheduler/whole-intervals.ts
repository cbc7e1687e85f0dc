import { firstBoundaryFrom } from "./boundary.ts";
import type { Instant } from "./instant.ts";
import type { Interval, JobInterval, Schedule } from "./schedule.ts";

interface Range {
  readonly jobInterval: JobInterval;
  /** The schedule of `jobInterval`. */
  readonly schedule: Schedule;
  readonly from: Instant;
  readonly to: Instant;
  /** The largest number of intervals to list. */
  readonly most: number;
}

/** @returns where the first whole interval of a range starts. Only a cron expression has boundaries of its own. */
export function firstStartFrom({ jobInterval, schedule, from }: Omit<Range, "to" | "most">): Instant {
  return typeof jobInterval === "string" ? firstBoundaryFrom(schedule, from) : from;
}

/**
 * Lists the intervals that lie wholly in a range. They are those that a job is granted whose very first interval starts
 * where the first of them does: steps 4 and 5 of docs/semantics.md, "Decision".
 *
 * @returns the intervals, oldest first. Null: there are more than `most`.
 */
export function wholeIntervals({ to, most, ...range }: Range): readonly Interval[] | null {
  const { next } = range.schedule;
  const intervals: Interval[] = [];
  let start = firstStartFrom(range);
  // An interval after the range's end need not be a valid one.
  while (start < to) {
    const end = next(start);
    if (end > to) break;
    if (intervals.length === most) return null;
    intervals.push({ start, end });
    start = end;
  }
  return intervals;
}
