import { Cron } from "croner";
import { ArgumentError } from "./argument-error.ts";
import { DAY, HOUR, type Instant } from "./instant.ts";
import type { Steps } from "./steps.ts";
import type { WallTime, Zone } from "./zone.ts";

/**
 * Steps by a cron expression. The schedule itself is counted on the wall clock, held as if it were UTC; this file is
 * what happens where that clock is set forward or back. See docs/semantics.md, "Cron".
 *
 * @throws ArgumentError when the expression doesn't parse or never matches.
 */
export function cronSteps(expression: string, zone: Zone): Steps {
  const schedule = scheduleOf(expression);
  return {
    add(instant) {
      const wall = schedule.after(instant + zone.offsetAt(instant));
      const found = firstAfter(instant, wall, zone, schedule);
      return Math.min(found, againInSetBackHour(instant, zone, schedule) ?? found);
    },
    sub(instant) {
      let wall = schedule.before(instant + zone.offsetAt(instant));
      let found = lastBefore(instant, wall, zone);
      for (; found === undefined; found = lastBefore(instant, wall, zone)) wall = schedule.before(wall);
      return Math.max(found, stillInFirstPass(instant, zone, schedule) ?? found);
    },
  };
}

interface Schedule {
  after(wall: WallTime): WallTime;
  before(wall: WallTime): WallTime;
  /** Whether it runs in every hour of the day. Such a schedule follows elapsed time where clocks change. */
  readonly everyHour: boolean;
  /** The first reading at or after `wall` at which a run that was left out by a clock set forward is made up for. */
  madeUpAt(wall: WallTime): WallTime;
}

/** Where clocks are set forward over a reading, it moves on to the next one with its minute and second. */
function firstAfter(instant: Instant, wall: WallTime, zone: Zone, schedule: Schedule): Instant {
  for (let reading = wall; ; reading = schedule.after(reading)) {
    const instants = zone.instantsOf(reading);
    const found = instants.find((candidate) => candidate > instant);
    if (found !== undefined) return found;
    if (instants.length > 0 || schedule.everyHour) continue;
    const { earlier, later } = zone.aroundGap(reading);
    const opened = changeBetween(earlier, later, zone);
    const madeUp = schedule.madeUpAt(opened + zone.offsetAt(opened));
    return madeUp - zone.offsetAt(opened);
  }
}

function lastBefore(instant: Instant, wall: WallTime, zone: Zone): Instant | undefined {
  return zone.instantsOf(wall).findLast((candidate) => candidate < instant);
}

/** Clocks are set by at most this much where they are set back: the time that has to be looked over for a change. */
const LONGEST_SET_BACK = 3 * HOUR;

/**
 * Where clocks are about to be set back: the first run in the second pass of the period that they repeat. Before the
 * first pass, the run in that one is the earlier. A repeated hour is taken once, by the first pass, unless the schedule
 * runs every hour; a shorter period is no hour of its own.
 */
function againInSetBackHour(instant: Instant, zone: Zone, schedule: Schedule): Instant | undefined {
  const before = zone.offsetAt(instant);
  const after = zone.offsetAt(instant + LONGEST_SET_BACK);
  const setBack = before - after;
  if (setBack <= 0 || (setBack >= HOUR && !schedule.everyHour)) return undefined;
  const changed = changeBetween(instant, instant + LONGEST_SET_BACK, zone);
  return schedule.after(changed + after - 1) - after;
}

/** Where clocks have just been set back: the last run in the first pass. After the second pass, the run in that one is the later. */
function stillInFirstPass(instant: Instant, zone: Zone, schedule: Schedule): Instant | undefined {
  const before = zone.offsetAt(instant - LONGEST_SET_BACK);
  const after = zone.offsetAt(instant);
  const setBack = before - after;
  if (setBack <= 0) return undefined;
  const changed = changeBetween(instant - LONGEST_SET_BACK, instant, zone);
  return schedule.before(changed + before) - before;
}

/** The instant in `(from, to]` from which on the offset of `to` holds. */
function changeBetween(from: Instant, to: Instant, zone: Zone): Instant {
  const offset = zone.offsetAt(to);
  let [before, since] = [from, to];
  while (since - before > 1) {
    const middle = Math.floor((before + since) / 2);
    if (zone.offsetAt(middle) === offset) since = middle;
    else before = middle;
  }
  return since;
}

/** What the fields of a six-field expression are, and how many values each takes. */
const FIELDS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day of the month", 31],
  ["month", 12],
  ["day of the week", 7],
] as const;

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

function scheduleOf(expression: string): Schedule {
  let fields = (NICKNAMES.get(expression.trim().toLowerCase()) ?? expression.trim()).split(/\s+/);
  if (fields.length === FIELDS.length - 1) fields.unshift("0");
  if (fields.length !== FIELDS.length) {
    throw refusal(
      expression,
      `it takes 5 fields (minute, hour, day of the month, month, day of the week), 6 with the second before them, or ${[...NICKNAMES.keys()].join(", ")}`,
    );
  }
  fields = fields.map((field, at) => withStepsInRange(field, FIELDS[at]?.[1] ?? 1));
  const [second, minute, hour, ...days] = fields;

  // With utcOffset 0 the parser counts in plain UTC: its own rules for clock changes are not the ones kept here.
  const parse = (...pattern: (string | undefined)[]) =>
    new Cron(pattern.join(" "), { utcOffset: 0, sloppyRanges: true });
  checkFields(expression, fields, parse);
  const inTime = (found: Date | null | undefined): WallTime => {
    if (found) return found.getTime();
    throw refusal(expression, "no date matches it");
  };
  const cron = parse(second, minute, hour, ...days);
  inTime(cron.nextRun(new Date("2000-01-01T00:00:00Z")));

  return {
    after: (wall) => inTime(cron.nextRun(new Date(wall))),
    before: (wall) => inTime(cron.previousRuns(1, new Date(wall))[0]),
    get everyHour() {
      return (
        parse("0", "0", hour, "*", "*", "*")
          .nextRuns(24, new Date(DAY - 1))
          .at(-1)
          ?.getTime() ===
        2 * DAY - HOUR
      );
    },
    madeUpAt: (wall) => inTime(parse(second, minute, "*", "*", "*", "*").nextRun(new Date(wall - 1))),
  };
}

/** The parser's own words would count some fields from 0, and name none of others. */
function checkFields(expression: string, fields: readonly string[], parse: (...pattern: string[]) => Cron): void {
  const refused = (...pattern: string[]): unknown => {
    try {
      parse(...pattern);
      return null;
    } catch (cause) {
      return cause;
    }
  };
  if (refused(...fields) === null) return;
  for (const [at, [name]] of FIELDS.entries()) {
    const cause = refused(...fields.map((field, other) => (other === at ? field : "*")));
    if (cause !== null) throw refusal(expression, `its ${name} can't be ${JSON.stringify(fields[at])}`, cause);
  }
}

/** A step over the whole range leaves its first value, as in other crons; the parser refuses it. */
function withStepsInRange(field: string, values: number): string {
  return field.replace(/\/(\d+)/g, (_, step: string) => `/${Math.min(Number(step), values)}`);
}

function refusal(expression: string, why: string, cause?: unknown): ArgumentError {
  return new ArgumentError(`The cron expression ${JSON.stringify(expression)} can't be used: ${why}`, { cause });
}
