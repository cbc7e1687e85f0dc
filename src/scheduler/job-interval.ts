import { checkLength, type Duration } from "./duration.ts";
import type { Schedule } from "./schedule.ts";
import { shiftBy } from "./shift.ts";
import { zoneNamed } from "./zone.ts";

/** A schedule as a request gives it: a cron expression, whole milliseconds of at least 1, or a {@link Duration}. */
export type JobInterval = string | number | Duration;

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
    return cronSchedule(jobInterval, zone);
  }
  const shift = await shiftBy(checkLength({ field: "jobInterval", length: jobInterval, least: 1 }), timezone);
  return { next: (instant) => shift(instant, 1), previous: (instant) => shift(instant, -1) };
}
