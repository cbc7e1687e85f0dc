/** A point in time: whole milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** @returns the only form in which this project writes instants: UTC with milliseconds, `2026-11-24T00:29:32.532Z`. */
export function toIso(instant: Instant): string {
  return new Date(instant).toISOString();
}

export function toIsoOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toIso(instant);
}

const YEAR_1 = Date.parse("0001-01-01T00:00:00Z");
const YEAR_10000 = Date.parse("+010000-01-01T00:00:00Z");

/** The years 1 to 9999 are those that RFC 3339, PostgreSQL and every other reader write in the same four digits. */
export function isInstant(value: number): value is Instant {
  return Number.isInteger(value) && value >= YEAR_1 && value < YEAR_10000;
}

/** A day that each year has, and a time of that day. */
const CERTAIN =
  /^(?!0000)\d{4}-(?!02-(?:29|3)|(?:0[469]|11)-31)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * @returns whether a text is an instant in the form that {@link toIso} writes. Of two such texts, the one that sorts first is
 *   the earlier instant.
 */
export function isIso(text: string): boolean {
  // To read and write an instant takes longer than to test a text, and a state document has a hundred instants.
  if (CERTAIN.test(text)) return true;
  const instant = Date.parse(text);
  return isInstant(instant) && toIso(instant) === text;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/i;

/**
 * Parses an instant of RFC 3339: with `Z` or an offset, and at most three digits after the seconds, since an
 * {@link Instant} holds no smaller fraction. Beyond RFC 3339 the seconds may be left out.
 *
 * @returns the instant, or null for any other text, a date or time that does not exist (February 30, 24:00), and an
 *   instant outside the years 1 to 9999.
 */
export function parseInstant(text: string): Instant | null {
  if (!RFC_3339.test(text)) return null;
  const upperCase = text.toUpperCase();
  const minute = upperCase.slice(0, "2026-11-24T00:29".length);
  // Date.parse reads February 30 as March 2, and 24:00 as midnight of the next day.
  const wall = Date.parse(`${minute}Z`);
  if (!isInstant(wall) || !toIso(wall).startsWith(minute)) return null;
  const instant = Date.parse(upperCase);
  return isInstant(instant) ? instant : null;
}
