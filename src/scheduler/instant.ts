/** A point in time: milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** An instant as it is written everywhere: ISO 8601 in UTC with milliseconds, `2026-11-24T00:29:32.532Z`. */
export function toIso(instant: Instant): string {
  return new Date(instant).toISOString();
}

const YEAR_1 = Date.parse("0001-01-01T00:00:00Z");
const YEAR_10000 = Date.parse("+010000-01-01T00:00:00Z");

/** ISO 8601 writes the years 1 to 9999 in four digits; what is written here has to be read everywhere. */
export function isInstant(value: number): value is Instant {
  return Number.isInteger(value) && value >= YEAR_1 && value < YEAR_10000;
}
