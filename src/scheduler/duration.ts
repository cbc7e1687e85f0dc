import { ArgumentError } from "./argument-error.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./instant.ts";

/** The fields of a {@link Duration}, longest first. */
export const DURATION_FIELDS = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;

export type DurationField = (typeof DURATION_FIELDS)[number];

/** A length of time on the calendar: whole numbers, none negative. */
export type Duration = { readonly [field in DurationField]?: number };

/** The longest that any length of time may be. A date further off is a slip of the pen, and soon one that no `Date` holds. */
const LONGEST_YEARS = 1000;

const LONGEST_OF_FIELD: Record<DurationField, number> = {
  years: 366 * DAY,
  months: 31 * DAY,
  weeks: 7 * DAY,
  days: DAY,
  hours: HOUR,
  minutes: MINUTE,
  seconds: SECOND,
};

/**
 * Refuses a length of time that is no length: not whole, negative, of an unknown unit, or beyond 1000 years.
 *
 * @param field What the caller calls it, for the message.
 * @param least 1 for an interval, which has to move time; 0 for a wait.
 * @returns the same length, with fields of value `undefined` left out.
 * @throws ArgumentError
 */
export function checkLength(field: string, length: unknown, least: 0 | 1): number | Duration {
  const refuse = (why: string): never => {
    throw new ArgumentError(`${field} is ${show(length)}: ${why}`);
  };
  if (typeof length === "number") {
    if (!Number.isInteger(length)) refuse("give a whole number of milliseconds");
    if (length < least) refuse(least === 1 ? "an interval has to be longer than nothing" : "it can't be negative");
    if (length > LONGEST_YEARS * LONGEST_OF_FIELD.years) refuse(`the longest is ${LONGEST_YEARS} years`);
    return length;
  }
  if (typeof length !== "object" || length === null || Array.isArray(length)) {
    const cron = least === 1 ? "a cron expression, " : "";
    return refuse(`give ${cron}milliseconds or an object of ${DURATION_FIELDS.join(", ")}`);
  }

  const given = Object.entries(length).filter(([, value]) => value !== undefined);
  if (given.length === 0) return refuse(`give at least one of ${DURATION_FIELDS.join(", ")}`);
  let longest = 0;
  for (const [unit, value] of given) {
    if (!isDurationField(unit)) return refuse(`${JSON.stringify(unit)} is none of ${DURATION_FIELDS.join(", ")}`);
    if (!Number.isInteger(value)) return refuse(`${unit} has to be a whole number`);
    if (value < 0) return refuse(`${unit} can't be negative`);
    longest += value * LONGEST_OF_FIELD[unit];
  }
  if (longest < least) refuse("an interval has to be longer than nothing");
  if (longest > LONGEST_YEARS * LONGEST_OF_FIELD.years) refuse(`the longest is ${LONGEST_YEARS} years`);
  return Object.fromEntries(given);
}

function isDurationField(unit: string): unit is DurationField {
  return DURATION_FIELDS.some((field) => field === unit);
}

function show(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
