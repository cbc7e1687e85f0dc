import { ArgumentError } from "./argument-error.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./instant.ts";

/** The fields of a {@link Duration}, longest first. */
export const DURATION_FIELDS = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;

export type DurationField = (typeof DURATION_FIELDS)[number];

/** A length of time in calendar and clock units: whole numbers, none negative. */
export type Duration = { readonly [field in DurationField]?: number };

/** Whole milliseconds or a {@link Duration}. */
export type Length = number | Duration;

/** A longer length of time is a typing error, and would soon leave the years 1 to 9999. */
const MAX_YEARS = 1000;

/** The most milliseconds that one unit can last. */
const MAX_OF_FIELD: Record<DurationField, number> = {
  years: 366 * DAY,
  months: 31 * DAY,
  weeks: 7 * DAY,
  days: DAY,
  hours: HOUR,
  minutes: MINUTE,
  seconds: SECOND,
};

/**
 * Checks a length of time: milliseconds, or an object whose fields are {@link DURATION_FIELDS}; whole numbers, not negative,
 * at most 1000 years in all. See docs/semantics.md, "A start request".
 *
 * @param field What messages call the value.
 * @param least 1 for an interval, 0 for a wait.
 * @returns the length, without the fields that are `undefined`.
 * @throws ArgumentError
 */
export function checkLength(field: string, length: unknown, least: 0 | 1): Length {
  const refuse = (why: string): never => {
    throw new ArgumentError(`${field} is ${shown(length)}: ${why}`);
  };
  if (typeof length === "number") {
    if (!Number.isInteger(length)) refuse("give a whole number of milliseconds");
    if (length < least) refuse(least === 1 ? "an interval has to be longer than 0" : "it can't be negative");
    if (length > MAX_YEARS * MAX_OF_FIELD.years) refuse(`the longest is ${MAX_YEARS} years`);
    return length;
  }
  if (typeof length !== "object" || length === null || Array.isArray(length)) {
    const cron = least === 1 ? "a cron expression, " : "";
    return refuse(`give ${cron}milliseconds or an object of ${DURATION_FIELDS.join(", ")}`);
  }

  const given = Object.entries(length).filter(([, value]) => value !== undefined);
  if (given.length === 0) return refuse(`give at least one of ${DURATION_FIELDS.join(", ")}`);
  let total = 0;
  for (const [unit, value] of given) {
    if (!isDurationField(unit)) return refuse(`${JSON.stringify(unit)} is none of ${DURATION_FIELDS.join(", ")}`);
    if (!Number.isInteger(value)) return refuse(`${unit} has to be a whole number`);
    if (value < 0) return refuse(`${unit} can't be negative`);
    total += value * MAX_OF_FIELD[unit];
  }
  if (total < least) refuse("an interval has to be longer than 0");
  if (total > MAX_YEARS * MAX_OF_FIELD.years) refuse(`the longest is ${MAX_YEARS} years`);
  return Object.fromEntries(given);
}

function isDurationField(unit: string): unit is DurationField {
  return DURATION_FIELDS.some((field) => field === unit);
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
