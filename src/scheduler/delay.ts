import { checkLength, elapsedIn, type Length } from "./duration.ts";
import type { Instant } from "./instant.ts";
import { shiftBy } from "./shift.ts";

/**
 * A start buffer or a retry interval. Unlike a schedule it may be 0, and then both methods return `instant` itself. On a
 * calendar the two are not inverse: a month after January 31 is February 28, and a month before that is January 28. See
 * docs/semantics.md, "Delays".
 */
export interface Delay {
  /** Its length in milliseconds, or null if the calendar or the wall clock decides. */
  readonly fixedLength: number | null;
  /** @returns the instant that is this much later. */
  after(instant: Instant): Instant;
  /** @returns the instant that is this much earlier. */
  before(instant: Instant): Instant;
}

/**
 * @param field The name of this delay, for messages.
 * @param length Whole milliseconds or a duration, at least 0.
 * @param timezone The IANA name of the zone whose calendar and wall clock count for a duration.
 * @throws ArgumentError for a negative or fractional length, one of more than 1000 years, and an unknown zone. The
 *   methods throw one when they leave the years 1 to 9999.
 */
export async function delayOf(field: string, length: Length, timezone: string): Promise<Delay> {
  const checked = checkLength({ field, length, least: 0 });
  const shift = await shiftBy(checked, timezone);
  return {
    fixedLength: elapsedIn(checked),
    after: (instant) => shift(instant, 1),
    before: (instant) => shift(instant, -1),
  };
}
