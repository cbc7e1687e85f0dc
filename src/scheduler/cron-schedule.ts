import { ArgumentError } from "../errors/argument-error.ts";
import { HOUR, type Instant } from "./instant.ts";
import { nearestInstant } from "./nearest-instant.ts";
import type { Schedule, Seek } from "./schedule.ts";
import { type WallClockCron, wallClockCron } from "./wall-clock-cron.ts";
import type { Zone } from "./zone.ts";

/**
 * @param expression Five fields, six with the second first, or a nickname such as `@daily`.
 * @returns the schedule of docs/semantics.md, "Cron": {@link WallClockCron} matches the wall clock, and this file adds the
 *   rules for clock changes.
 * @throws ArgumentError for an expression that does not parse or never matches.
 */
export function cronSchedule(expression: string, zone: Zone): Schedule {
  const cron = parseCron(expression);
  const next = (instant: Instant): Instant => {
    const first = firstAfter(instant, cron, zone);
    return Math.min(first, firstInSecondPass(instant, cron, zone) ?? first);
  };
  const previous = (instant: Instant): Instant => {
    const last = lastBefore(instant, cron, zone);
    return Math.max(last, lastInFirstPass(instant, cron, zone) ?? last);
  };
  /** The last boundary in `[first, until]`, where `first` is the one that follows `instant`. */
  const lastBoundary = (instant: Instant, first: Instant, until: Instant): Instant => {
    let last = Math.max(first, previous(until + 1));
    const change = cron.everyHour ? null : setBackBefore(last, zone);
    // Backward, both passes of a repeated hour count. A walk from before the second pass counts only the first one.
    if (change !== null && instant < change) last = Math.max(first, previous(change));
    // Backward, a match that clocks skip does not exist.
    for (let following = next(last); following <= until; following = next(following)) last = following;
    return last;
  };
  return {
    fixedLength: null,
    next,
    previous,
    seek(instant, until): Seek | null {
      const first = next(instant);
      if (first > until) return null;
      const end = lastBoundary(instant, first, until);
      return { start: end === first ? instant : lastBoundary(instant, first, end - 1), end, walked: 0 };
    },
  };
}

/** A match that clocks skip moves on to the first existing wall time with its minute and second. */
function firstAfter(instant: Instant, cron: WallClockCron, zone: Zone): Instant {
  for (let wall = cron.next(instant + zone.offsetAt(instant)); ; wall = cron.next(wall)) {
    const instants = zone.instantsOf(wall);
    const found = instants.find((candidate) => candidate > instant);
    if (found !== undefined) return found;
    if (instants.length > 0 || cron.everyHour) continue;
    const { earlier, later } = zone.aroundGap(wall);
    const gapEnd = clockChangeBetween(earlier, later, zone);
    const offset = zone.offsetAt(gapEnd);
    return cron.nextMinute(gapEnd + offset) - offset;
  }
}

/** Backward, a match that clocks skip does not exist. */
function lastBefore(instant: Instant, cron: WallClockCron, zone: Zone): Instant {
  for (let wall = cron.previous(instant + zone.offsetAt(instant)); ; wall = cron.previous(wall)) {
    const found = zone.instantsOf(wall).findLast((candidate) => candidate < instant);
    if (found !== undefined) return found;
  }
}

/** The longest set-back of clocks that is searched for. Since 1970 only Antarctica/Vostok had a longer one, in 1994. */
const MAX_SET_BACK = 3 * HOUR;

/**
 * Shortly before clocks are set back, `firstAfter` looks only after the wall time of `instant`, and so misses earlier
 * wall times that come a second time. Before the first pass, `firstAfter` finds an earlier match than this function, and
 * `next` takes that one. A repeated hour counts once, in its first pass, unless the schedule runs every hour; a repeated
 * period of less than an hour counts twice.
 *
 * @returns the first match in the second pass, or undefined when clocks are not about to be set back.
 */
function firstInSecondPass(instant: Instant, cron: WallClockCron, zone: Zone): Instant | undefined {
  const before = zone.offsetAt(instant);
  const after = zone.offsetAt(instant + MAX_SET_BACK);
  const setBack = before - after;
  if (setBack <= 0 || (setBack >= HOUR && !cron.everyHour)) return undefined;
  const change = clockChangeBetween(instant, instant + MAX_SET_BACK, zone);
  return cron.next(change + after - 1) - after;
}

/**
 * Shortly after clocks were set back, `lastBefore` looks only before the wall time of `instant`, and so misses later wall
 * times of the first pass. After the second pass, `lastBefore` finds a later match than this function, and `previous` takes
 * that one.
 *
 * @returns the last match in the first pass, or undefined when clocks were not just set back.
 */
function lastInFirstPass(instant: Instant, cron: WallClockCron, zone: Zone): Instant | undefined {
  const before = zone.offsetAt(instant - MAX_SET_BACK);
  const after = zone.offsetAt(instant);
  if (before - after <= 0) return undefined;
  const change = clockChangeBetween(instant - MAX_SET_BACK, instant, zone);
  return cron.previous(change + before) - before;
}

/** @returns where clocks were set back by an hour or more so that `instant` is in the second pass, or null. */
function setBackBefore(instant: Instant, zone: Zone): Instant | null {
  const setBack = zone.offsetAt(instant - MAX_SET_BACK) - zone.offsetAt(instant);
  if (setBack < HOUR) return null;
  const change = clockChangeBetween(instant - MAX_SET_BACK, instant, zone);
  return instant < change + setBack ? change : null;
}

/** @returns the first instant in `(from, to]` that has the offset of `to`. At most one clock change may lie between. */
function clockChangeBetween(from: Instant, to: Instant, zone: Zone): Instant {
  const offset = zone.offsetAt(to);
  return nearestInstant(from, to, (instant) => zone.offsetAt(instant) === offset);
}

/** The fields of a six-field expression. */
const FIELDS = ["second", "minute", "hour", "day of the month", "month", "day of the week"] as const;

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

function parseCron(expression: string): WallClockCron {
  const fields = (NICKNAMES.get(expression.trim().toLowerCase()) ?? expression.trim()).split(/\s+/);
  if (fields.length === FIELDS.length - 1) fields.unshift("0");
  if (fields.length !== FIELDS.length) {
    throw cronError(expression, miscount(fields.length, expression.trim()));
  }
  checkFields(fields, expression);
  const cron = wallClockCron(fields, (field) =>
    cronError(expression, { why: `its ${FIELDS[field]} cannot be ${JSON.stringify(fields[field])}` }),
  );
  // An expression that never matches fails here, and not on its first use.
  if (!cron.hasMatch) {
    throw cronError(expression, { why: "it matches no date", expected: "a day that its months have" });
  }
  return cron;
}

/** What is wrong with a text of too few or too many fields. It may be meant as a nickname, or as a length of time. */
function miscount(fields: number, text: string): { readonly why: string; readonly expected?: string } {
  if (text.startsWith("@")) return { why: "an unknown name with @" };
  const why = `it has ${fields === 1 ? "1 field" : `${fields} fields`}`;
  return /^[\d.,]+\s*[a-z]/i.test(text) ? { why, expected: `${FORMS}; or a length such as 90 minutes` } : { why };
}

/** @throws ArgumentError for a field that other crons accept with a meaning that a user may not expect. */
function checkFields(fields: readonly string[], expression: string): void {
  for (const [at, name] of FIELDS.entries()) {
    const field = fields[at] ?? "";
    const cannotBe = `its ${name} cannot be ${JSON.stringify(field)}`;
    // Other crons take a "?" in the day fields only. One elsewhere means that the fields have another order.
    const isDay = name.startsWith("day");
    if (field.includes("?") && !(isDay && field === "?")) {
      throw cronError(expression, { why: `${cannotBe}${isDay ? "" : ", since only the two day fields take a ?"}` });
    }
    if (name === "day of the week" && /(^|,)7\//.test(field)) {
      const why = `${cannotBe}: a step counts on from its first value, and no day of the week comes after 7, Sunday`;
      throw cronError(expression, { why });
    }
  }
}

const FORMS =
  "5 fields (minute, hour, day of the month, month, day of the week), 6 with the second before them, or @yearly, @monthly, @weekly, @daily, @hourly";

function cronError(
  expression: string,
  { why, expected = FORMS }: { readonly why: string; readonly expected?: string },
): ArgumentError {
  return new ArgumentError("invalid-cron", {
    field: "jobInterval",
    value: expression,
    problem: `is not a cron expression (${why})`,
    expected,
  });
}
