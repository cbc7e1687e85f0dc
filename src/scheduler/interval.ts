import { ArgumentError } from "./argument-error.ts";
import { checkLength, type Duration } from "./duration.ts";
import { type Instant, isInstant } from "./instant.ts";
import type { Steps } from "./steps.ts";
import { zoneNamed } from "./zone.ts";

/** How long one interval is: a cron expression, whole milliseconds, or a {@link Duration}. */
export type Interval = string | number | Duration;

/**
 * @param interval How long one interval is.
 * @param timezone The IANA name of the zone whose calendar and wall clock count for cron expressions and durations.
 * @throws ArgumentError for an interval of no length, of a fraction or of more than 1000 years, a cron expression that
 *   doesn't parse or never matches, and an unknown zone.
 */
export async function stepsOf(interval: Interval, timezone: string): Promise<Steps> {
  if (typeof interval !== "string") return stepsOfLength(checkLength("The interval", interval, 1), timezone);
  const zone = zoneNamed(timezone);
  const { cronSteps } = await import(/* webpackMode: "eager" */ "./cron-steps.ts");
  return cronSteps(interval, zone);
}

/** The same for a wait (a start buffer, a retry interval), which may be nothing: then both steps stay where they are. */
export async function stepsOfWait(field: string, wait: number | Duration, timezone: string): Promise<Steps> {
  return stepsOfLength(checkLength(field, wait, 0), timezone);
}

async function stepsOfLength(length: number | Duration, timezone: string): Promise<Steps> {
  const zone = zoneNamed(timezone);
  if (typeof length === "number") {
    return { add: (instant) => inRange(instant + length), sub: (instant) => inRange(instant - length) };
  }
  const { durationSteps } = await import("./duration-steps.ts");
  const { add, sub } = durationSteps(length, zone);
  return { add: (instant) => inRange(add(instant)), sub: (instant) => inRange(sub(instant)) };
}

function inRange(instant: Instant): Instant {
  if (isInstant(instant)) return instant;
  throw new ArgumentError("The interval reaches beyond the years 1 to 9999: give a shorter one");
}
