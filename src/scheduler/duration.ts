import { ArgumentError, type ArgumentErrorCode } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./instant.ts";

/** The fields of a {@link Duration}, longest first. */
export const DURATION_FIELDS = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;

export type DurationField = (typeof DURATION_FIELDS)[number];

/** A length of time in calendar and clock units: whole numbers, none negative. */
export type Duration = { readonly [field in DurationField]?: number };

/** Whole milliseconds or a {@link Duration}. */
export type Length = number | Duration;

/** A longer length of time is most likely a typing error, and would soon leave the years 1 to 9999. */
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

/** @returns the length in milliseconds, or null if it has years, months, weeks or days, which differ in length. */
export function elapsedIn(length: Length): number | null {
  if (typeof length === "number") return length;
  const { years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = length;
  if (years + months + weeks + days > 0) return null;
  return hours * HOUR + minutes * MINUTE + seconds * SECOND;
}

interface LengthToCheck {
  readonly field: string;
  readonly length: unknown;
  /** 1 for an interval, 0 for a delay. */
  readonly least: 0 | 1;
  /** The length as its caller wrote it, for messages. Default: `length`. */
  readonly written?: unknown;
}

const UNITS = DURATION_FIELDS.join(", ");

/**
 * Checks a length of time: milliseconds, or an object whose fields are {@link DURATION_FIELDS}; whole numbers, not negative,
 * at most 1000 years in all. See docs/semantics.md, "A start request".
 *
 * @returns the length, without the fields that are `undefined`.
 * @throws ArgumentError
 */
export function checkLength({ field, length, least, written = length }: LengthToCheck): Length {
  const refuse: Refuse = (problem, expected, code = "invalid-interval") => {
    throw new ArgumentError(code, { field, value: written, problem, expected });
  };
  if (typeof length === "number") {
    if (!Number.isInteger(length)) refuse("is not a whole number", "whole milliseconds");
    checkTotal(length, least, refuse);
    return length;
  }
  if (typeof length !== "object" || length === null || Array.isArray(length)) {
    const cron = least === 1 ? "a cron expression, " : "";
    const expected = `${cron}whole milliseconds, or an object of ${UNITS}`;
    if (length === undefined) return refuse("is missing", expected, "missing");
    return refuse("is not a length of time", expected);
  }

  const given = Object.entries(length).filter(([, value]) => value !== undefined);
  if (given.length === 0) return refuse("has no field", `at least one of ${UNITS}`);
  let total = 0;
  for (const [unit, value] of given) {
    if (!isDurationField(unit)) return refuse(`has the unknown field ${JSON.stringify(unit)}`, `one of ${UNITS}`);
    if (!Number.isInteger(value)) {
      const form = wholeForm(given);
      return refuse(
        `has ${shownValue(value)} ${unit}, which is not a whole number`,
        form === null ? `a whole number of ${unit}` : JSON.stringify(form),
      );
    }
    if (value < 0) return refuse(`has ${value} ${unit}, which is negative`, `0 ${unit} or more`);
    total += value * MAX_OF_FIELD[unit];
  }
  checkTotal(total, least, refuse);
  return Object.fromEntries(given);
}

/** How many of the next shorter unit a unit has. A month has no fixed number of weeks or days. */
const SHORTER: Partial<Record<DurationField, readonly [unit: DurationField, count: number]>> = {
  years: ["months", 12],
  weeks: ["days", 7],
  days: ["hours", 24],
  hours: ["minutes", 60],
  minutes: ["seconds", 60],
};

/** @returns a duration with fractions in whole numbers: `90 minutes` for 1.5 hours. Null for one that has no such form. */
function wholeForm(given: readonly (readonly [string, unknown])[]): string | null {
  const whole = new Map<string, number>();
  for (const [name, value] of given) {
    if (!isDurationField(name) || typeof value !== "number" || !(value >= 0)) return null;
    let [unit, count]: [DurationField, number] = [name, value];
    // A fraction of an hour in decimals is seldom exact in binary.
    while (Math.abs(count - Math.round(count)) > 1e-9) {
      const [shorter, times] = SHORTER[unit] ?? [];
      if (shorter === undefined || times === undefined) return null;
      [unit, count] = [shorter, count * times];
    }
    whole.set(unit, (whole.get(unit) ?? 0) + Math.round(count));
  }
  return durationText(whole);
}

/** For example `1 hour 30 minutes`. */
export function durationText(parts: Iterable<readonly [unit: string, count: number]>): string {
  return [...parts].map(([unit, count]) => `${count} ${count === 1 ? unit.slice(0, -1) : unit}`).join(" ");
}

type Refuse = (problem: string, expected: string, code?: ArgumentErrorCode) => never;

function checkTotal(total: number, least: 0 | 1, refuse: Refuse): void {
  const expected = least === 0 ? "a length of 0 or more" : "an interval longer than 0";
  if (total < 0) refuse("is negative", expected);
  if (total < least) refuse("has no length", expected);
  if (total > MAX_YEARS * MAX_OF_FIELD.years) refuse("is too long", `at most ${MAX_YEARS} years`);
}

function isDurationField(unit: string): unit is DurationField {
  return DURATION_FIELDS.some((field) => field === unit);
}
