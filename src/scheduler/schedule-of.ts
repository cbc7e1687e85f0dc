import { ArgumentError } from "../errors/argument-error.ts";
import { checkLength, elapsedIn } from "./duration.ts";
import type { Instant } from "./instant.ts";
import type { JobInterval, Schedule, Seek } from "./schedule.ts";
import { shiftBy } from "./shift.ts";
import { zoneNamed } from "./zone.ts";

/**
 * @param timezone The IANA name of the zone whose calendar and wall clock count for cron expressions and durations.
 * @returns the schedule, by the rules of docs/semantics.md, "Schedules". Its methods throw an ArgumentError when a length
 *   of time leaves the years 1 to 9999.
 * @throws ArgumentError for an interval that is 0, negative, fractional or longer than 1000 years, a cron expression that
 *   does not parse or never matches, and an unknown zone.
 */
export async function scheduleOf(jobInterval: JobInterval, timezone: string): Promise<Schedule> {
  if (typeof jobInterval === "string") {
    const zone = zoneNamed(timezone);
    const { cronSchedule } = await import(/* webpackMode: "eager" */ "./cron-schedule.ts");
    try {
      return cronSchedule(jobInterval, zone);
    } catch (error) {
      if (!(error instanceof ArgumentError) || error.code !== "invalid-cron") throw error;
      const { acceptedInterval } = await import("./cron-dialects.ts");
      const form = acceptedInterval(jobInterval);
      throw form === null ? error : error.withExpected(form);
    }
  }
  const length = checkLength({ field: "jobInterval", length: jobInterval, least: 1 });
  const shift = await shiftBy(length, timezone);
  const elapsed = elapsedIn(length);
  const next = (instant: Instant) => shift(instant, 1);
  return {
    fixedLength: elapsed,
    next,
    previous: (instant) => shift(instant, -1),
    seek: (instant, until, most) =>
      elapsed === null ? walk({ next, instant, until, most }) : jump({ elapsed, instant, until }),
  };
}

function jump({ elapsed, instant, until }: { elapsed: number; instant: Instant; until: Instant }): Seek | null {
  const end = instant + Math.floor((until - instant) / elapsed) * elapsed;
  return end > instant ? { start: end - elapsed, end, walked: 0 } : null;
}

interface Walk {
  readonly next: (instant: Instant) => Instant;
  readonly instant: Instant;
  readonly until: Instant;
  readonly most: number;
}

function walk({ next, instant, until, most }: Walk): Seek | null {
  let [start, end, walked] = [instant, instant, 0];
  for (let following = next(end); following <= until && walked < most; following = next(following)) {
    [start, end, walked] = [end, following, walked + 1];
  }
  return walked === 0 ? null : { start, end, walked };
}
