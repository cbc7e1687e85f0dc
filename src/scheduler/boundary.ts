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

/** The first boundary of a cron expression that is not before `instant`. */
export function firstBoundaryFrom(schedule: Schedule, instant: Instant): Instant {
  const last = lastBoundaryUpTo(schedule, instant);
  if (last === instant) return instant;
  // Where clocks repeat an hour, the first match comes before `instant` and the second one after it.
  return Math.min(schedule.next(last), schedule.next(instant));
}
