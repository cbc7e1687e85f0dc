import { toIso } from "../scheduler/instant.ts";
import type { Interval } from "../scheduler/schedule.ts";

/** The part of a range's intervals that one matrix gets. */
export interface Page {
  readonly intervals: readonly Interval[];
  /** How many intervals of the range come before the page. */
  readonly offset: number;
  /** How many intervals the range has. */
  readonly total: number;
  /** The offset of the following page, or null if there is none. */
  readonly nextOffset: number | null;
}

interface Place {
  readonly offset: number;
  readonly limit: number;
  /** Whether the newest interval comes first. */
  readonly isReverse: boolean;
}

/** @param intervals All intervals of the range, oldest first. */
export function pageOf(intervals: readonly Interval[], { offset, limit, isReverse }: Place): Page {
  const total = intervals.length;
  const end = Math.min(offset + limit, total);
  const inOrder = isReverse ? intervals.toReversed() : intervals;
  return { intervals: inOrder.slice(offset, end), offset, total, nextOffset: end < total ? end : null };
}

/** @returns the text that `strategy.matrix` takes by `fromJSON`. */
export function matrixOf({ intervals }: Page): string {
  const include = intervals.map(({ start, end }) => ({
    "job-interval-started-at": toIso(start),
    "job-interval-ended-at": toIso(end),
  }));
  return JSON.stringify({ include });
}
