import { ArgumentError } from "../errors/argument-error.ts";
import { elapsedIn, type Length } from "./duration.ts";
import type { Shift } from "./duration-shift.ts";
import { type Instant, isInstant } from "./instant.ts";
import { zoneNamed } from "./zone.ts";

/**
 * @param length Whole milliseconds or a duration, checked before.
 * @param timezone The IANA name of the zone whose calendar and wall clock count for a duration.
 * @returns a shift that throws an ArgumentError when it leaves the years 1 to 9999.
 * @throws ArgumentError for an unknown zone.
 */
export async function shiftBy(length: Length, timezone: string): Promise<Shift> {
  const zone = zoneNamed(timezone);
  const elapsed = elapsedIn(length);
  if (elapsed !== null) return (from, direction) => inRange(from + direction * elapsed);
  const { durationShift } = await import("./duration-shift.ts");
  const shift = durationShift(length as Exclude<Length, number>, zone);
  return (from, direction) => inRange(shift(from, direction));
}

function inRange(instant: Instant): Instant {
  if (isInstant(instant)) return instant;
  throw outOfRange();
}

/** The error for a schedule or a delay that leaves the years that an instant can have. */
export function outOfRange(): ArgumentError {
  return new ArgumentError("out-of-range", {
    field: "jobInterval",
    problem: "or another length of time reaches beyond the years 1 to 9999",
    expected: "a shorter one",
  });
}
