import { DAY, HOUR, MINUTE, SECOND } from "./instant.ts";
import { outOfRange } from "./shift.ts";
import type { WallTime } from "./zone.ts";

/** A cron expression on a wall clock that is never changed. Its methods throw an ArgumentError beyond the years 1 to 9999. */
export interface WallClockCron {
  /** @returns the first match strictly after `wall`. */
  next(wall: WallTime): WallTime;
  /** @returns the last match strictly before `wall`. */
  previous(wall: WallTime): WallTime;
  /** Whether it matches in every hour of the day. Such a schedule follows elapsed time when clocks change. */
  readonly everyHour: boolean;
  /** Whether it matches any date at all: February 30 never comes. */
  readonly hasMatch: boolean;
  /** @returns the first wall time at or after `wall` whose minute and second match, whatever its hour and day. */
  nextMinute(wall: WallTime): WallTime;
}

/** The least and the greatest value of each field, seconds first. */
export const RANGES = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

export const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** The calendar repeats after 400 years, with its weekdays: an expression without a match in 400 years never has one. */
const CYCLE = 400;

/**
 * @param fields Six fields, seconds first. docs/semantics.md, "Cron", has their forms, and {@link daysOfMonth} and
 *   {@link daysOfWeek} some more, which are those of Croner.
 * @param refusal Makes the error for a field that is wrong, from its index.
 */
export function wallClockCron(fields: readonly string[], refusal: (field: number) => Error): WallClockCron {
  const [second = "", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = fields;
  const given = <T>(value: T | null, field: number): T => {
    if (value === null) throw refusal(field);
    return value;
  };
  const seconds = given(valuesOf(second, ...RANGES[0]), 0);
  const minutes = given(valuesOf(minute, ...RANGES[1]), 1);
  const hours = given(valuesOf(hour, ...RANGES[2]), 2);
  const inMonth = given(daysOfMonth(dayOfMonth), 3);
  const months = given(valuesOf(withNumbers(month, MONTHS, 1), ...RANGES[4]), 4);
  const inWeek = given(daysOfWeek(dayOfWeek), 5);
  // As in Vixie cron: a day field that begins with a star restricts nothing by itself, so both must match.
  const both = [dayOfMonth, dayOfWeek].some((field) => /^[*?+]/.test(field)) || /^(l,)*\*(,l)*$/i.test(dayOfMonth);

  const times: Times = [hours, minutes, seconds];
  const hasDay = (date: Date): boolean => (both ? inMonth(date) && inWeek(date) : inMonth(date) || inWeek(date));
  const findDay = (day: WallTime, direction: 1 | -1) => dayIn({ months, hasDay }, day, direction);
  const dayFrom = (day: WallTime, direction: 1 | -1): WallTime => {
    const found = findDay(day, direction);
    if (found === null) throw outOfRange();
    return found;
  };

  return {
    next(wall) {
      const from = (Math.floor(wall / SECOND) + 1) * SECOND;
      const today = startOfDay(from);
      const day = dayFrom(today, 1);
      const time = firstTime(times, day === today ? from - today : 0);
      return time === null ? dayFrom(day + DAY, 1) + (firstTime(times, 0) ?? 0) : day + time;
    },
    previous(wall) {
      const until = (Math.ceil(wall / SECOND) - 1) * SECOND;
      const today = startOfDay(until);
      const day = dayFrom(today, -1);
      const time = lastTime(times, day === today ? until - today : DAY);
      return time === null ? dayFrom(day - DAY, -1) + (lastTime(times, DAY) ?? 0) : day + time;
    },
    everyHour: hours.length === 24,
    get hasMatch() {
      const hasTime = times.every((values) => values.length > 0);
      return hasTime && findDay(Date.UTC(2000, 0), 1) !== null;
    },
    nextMinute(wall) {
      const today = startOfDay(wall);
      const times: Times = [Array.from({ length: 24 }, (_, hour) => hour), minutes, seconds];
      const time = firstTime(times, wall - today);
      return time === null ? today + DAY + (firstTime(times, 0) ?? 0) : today + time;
    },
  };
}

interface Days {
  readonly months: readonly number[];
  readonly hasDay: (date: Date) => boolean;
}

/** @returns the first day from `day` on that matches, or the last one up to it; null for none. */
function dayIn({ months, hasDay }: Days, day: WallTime, direction: 1 | -1): WallTime | null {
  const date = new Date(day);
  const lastYear = Math.min(9999, date.getUTCFullYear() + CYCLE);
  const firstYear = Math.max(1, date.getUTCFullYear() - CYCLE);
  while (date.getUTCFullYear() >= firstYear && date.getUTCFullYear() <= lastYear) {
    const isMonth = months.includes(date.getUTCMonth() + 1);
    if (isMonth && hasDay(date)) return date.getTime();
    if (isMonth) date.setUTCDate(date.getUTCDate() + direction);
    else if (direction === 1) date.setUTCMonth(date.getUTCMonth() + 1, 1);
    else date.setUTCDate(0);
  }
  return null;
}

function startOfDay(wall: WallTime): WallTime {
  return Math.floor(wall / DAY) * DAY;
}

/** Hours, minutes and seconds, each in order. */
type Times = readonly [hours: readonly number[], minutes: readonly number[], seconds: readonly number[]];

/** @returns the first of these times of a day at or after `from`, in milliseconds, or null. */
function firstTime([hours, minutes, seconds]: Times, from: number): number | null {
  for (const hour of hours) {
    if ((hour + 1) * HOUR <= from) continue;
    for (const minute of minutes) {
      const start = hour * HOUR + minute * MINUTE;
      const second = start + MINUTE <= from ? undefined : seconds.find((value) => start + value * SECOND >= from);
      if (second !== undefined) return start + second * SECOND;
    }
  }
  return null;
}

/** @returns the last of these times of a day at or before `until`, in milliseconds, or null. */
function lastTime([hours, minutes, seconds]: Times, until: number): number | null {
  for (const hour of hours.toReversed()) {
    if (hour * HOUR > until) continue;
    for (const minute of minutes.toReversed()) {
      const start = hour * HOUR + minute * MINUTE;
      const second = start > until ? undefined : seconds.findLast((value) => start + value * SECOND <= until);
      if (second !== undefined) return start + second * SECOND;
    }
  }
  return null;
}

/** @returns the values of a list, in order; null for text that is none. */
function valuesOf(field: string, least: number, most: number): readonly number[] | null {
  const parts = field.split(",").map((part) => spanOf(part, { least, most, greatest: most }));
  return parts.includes(null) ? null : sorted(parts.flatMap((values) => values ?? []));
}

function sorted(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

interface Bounds {
  readonly least: number;
  /** Where a star ends, and a step that names no end. */
  readonly most: number;
  /** The greatest value that can be written: 7 for Sunday. */
  readonly greatest: number;
}

/** @returns the values of `*`, `5`, `5-7`, and of each with a step: `5/2` goes on to the greatest value. Null for other text. */
function spanOf(text: string, { least, most, greatest }: Bounds): readonly number[] | null {
  const found = text === "" ? null : /^(?:\*|(\d+)(?:-(\d+))?)?(?:\/(\d+))?$/.exec(text);
  if (found === null) return null;
  const [, from = least, to = found[1] === undefined || found[3] !== undefined ? most : from, step = 1] = found;
  const isRange = found[2] !== undefined;
  if (Number(step) === 0 || (isRange && Number(from) > Number(to))) return null;
  const values: number[] = [];
  for (let value = Number(from); value <= Number(to); value += Number(step)) {
    if (value < least || value > greatest) return null;
    values.push(value);
  }
  return values;
}

/** Writes the names in a field as their numbers. Only whole words are names: `monday` stays, and the field is then refused. */
function withNumbers(field: string, names: readonly string[], first: number): string {
  // Most fields have no name, and this expression takes 0.1 ms to compile.
  if (!/[a-z]/i.test(field)) return field;
  const anyName = new RegExp(`(?<![a-z\\d/#])(?:${names.join("|")})(?![a-km-z\\d])`, "gi");
  return field.replace(anyName, (name, at: number) => {
    const number = names.indexOf(name.toLowerCase()) + first;
    // At the end of a range Sunday is 7.
    return String(number === 0 && field[at - 1] === "-" ? 7 : number);
  });
}

type DayTest = (date: Date) => boolean;

/** Beyond docs/semantics.md: `15W` is the weekday (Monday to Friday) nearest to the 15th, and `LW` the month's last one. */
function daysOfMonth(field: string): DayTest | null {
  if (/^lw$/i.test(field)) return (date) => date.getUTCDate() === nearestWeekday(lastDayOf(date), date);
  if (field === "?") return () => true;
  const parts = field.split(",");
  const isLastToo = parts.some((part) => /^l$/i.test(part));
  const nearest = parts.flatMap((part) => (/^\d+w$/i.test(part) ? [Number.parseInt(part, 10)] : []));
  const others = parts.filter((part) => !/^(l|\d+w)$/i.test(part));
  const days = others.length === 0 ? [] : valuesOf(others.join(","), ...RANGES[3]);
  if (days === null || nearest.some((day) => day < 1 || day > 31)) return null;
  return (date) =>
    days.includes(date.getUTCDate()) ||
    (isLastToo && date.getUTCDate() === lastDayOf(date)) ||
    nearest.some((day) => day <= lastDayOf(date) && date.getUTCDate() === nearestWeekday(day, date));
}

function lastDayOf(date: Date): number {
  const last = new Date(date);
  last.setUTCMonth(date.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}

/** @returns the day of the same month, from Monday to Friday, that is nearest to `day`. */
function nearestWeekday(day: number, date: Date): number {
  const weekday = (((date.getUTCDay() + day - date.getUTCDate()) % 7) + 7) % 7;
  if (weekday === 0) return day === lastDayOf(date) ? day - 2 : day + 1;
  return weekday === 6 ? (day === 1 ? day + 2 : day - 1) : day;
}

/** Beyond docs/semantics.md: with `+` before it, the other day field must match too, and `5#L` is `5L`. */
function daysOfWeek(field: string): DayTest | null {
  const text = withNumbers(field, WEEKDAYS, 0).replace(/^\+/, "");
  if (text === "?") return () => true;
  const tests: DayTest[] = [];
  for (const part of text.split(",")) {
    const [, span = part, which] = /^([^#]*)#(.+)$/.exec(part) ?? /^([^#]*)(l)$/i.exec(part) ?? [];
    const values = which !== undefined && span === "*" ? null : spanOf(span, { least: 0, most: 6, greatest: 7 });
    if (values === null || (which !== undefined && !/^(0*[1-5]|l)$/i.test(which))) return null;
    tests.push((date) => values.some((value) => value % 7 === date.getUTCDay()) && isInPlace(date, which));
  }
  return (date) => tests.some((test) => test(date));
}

/** @param which The count of the weekday in its month, or `L` for the last. Undefined: any. */
function isInPlace(date: Date, which: string | undefined): boolean {
  if (which === undefined) return true;
  const day = date.getUTCDate();
  return /^l$/i.test(which) ? day + 7 > lastDayOf(date) : Math.ceil(day / 7) === Number(which);
}
