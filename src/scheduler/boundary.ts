import type { Instant } from "./instant.ts";
import type { Schedule } from "./schedule.ts";

/**
 * The last boundary of a cron expression that is not after `instant`. A match that clocks skip moves on to a later wall
 * time, and only `next` of an instant before the gap finds that boundary.
 */
export function lastBoundaryUpTo({ next, previous }: Schedule, instant: Instant): Instant {
  if (next(instant - 1) === instant) return instant;
  let last = previous(instant);
  for (let following = next(last); following <= instant; following = next(following)) last = following;
  return last;
}
