import { expect, test } from "@jest/globals";
import { Cron } from "croner";
import fc from "fast-check";
import { HOUR, type Instant, toIso } from "../../src/scheduler/instant.ts";
import { type WallClockCron, wallClockCron } from "../../src/scheduler/wall-clock-cron.ts";

const REFUSED = new Error("refused");

/** Croner is the library of the original server. Null: it refuses these fields. */
function withCroner(fields: readonly string[]): Cron | null {
  const domAndDow = [fields[3], fields[5]].some((field) => /^[*?]/.test(field ?? ""));
  try {
    return new Cron(fields.join(" "), { utcOffset: 0, sloppyRanges: true, domAndDow });
  } catch {
    return null;
  }
}

function parsed(fields: readonly string[]): WallClockCron | null {
  try {
    return wallClockCron(fields, () => REFUSED);
  } catch (error) {
    if (error !== REFUSED) throw error;
    return null;
  }
}

/**
 * Text of a field: values, a few of them out of range, ranges, some of which go backward, and steps. Croner refuses a step
 * beyond the field's range, which leaves only the first value here, so there is none.
 */
function anyField(
  least: number,
  most: number,
  { names = [], suffixes = [] }: { names?: string[]; suffixes?: string[] },
) {
  const number = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: least, max: most }).map(String) },
    { weight: 1, arbitrary: fc.constantFrom(String(most + 1), String(least - 1), "007", "x") },
  );
  const value = names.length === 0 ? number : fc.oneof(number, fc.constantFrom(...names));
  const range = fc
    .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: -1, max: 9 }))
    .map(([from, length]) => `${from}-${from + length}`);
  const step = fc.oneof({ weight: 4, arbitrary: fc.constant("") }, fc.constantFrom("/2", "/5", "/7", "/0", "/"));
  const suffix = fc.oneof({ weight: 6, arbitrary: fc.constant("") }, fc.constantFrom("", ...suffixes));
  const words = fc.tuple(value, value).map((pair) => pair.join("-"));
  const span = fc.oneof(fc.constantFrom("*", "*", ""), value, value, range, words);
  const part = fc.tuple(span, step, suffix).map((texts) => texts.join(""));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant("*") },
    fc
      .array(
        part.filter((text) => text !== ""),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => parts.join(",")),
  );
}

/** A field of a time with some value: Croner takes minutes to find out that a field without any, such as `60/7`, never matches. */
function timeField(most: number): fc.Arbitrary<string> {
  return anyField(0, most, {}).filter((field) => !new RegExp(`(^|,)${most + 1}/\\d`).test(field));
}

const time = fc.tuple(timeField(59), timeField(59), timeField(23));
const dayOfMonth = fc.oneof(
  anyField(1, 31, { suffixes: ["W", "L"] }),
  fc.constantFrom("?", "L", "l", "LW", "15W", "1W,L", "31w", "30W,15", "L,*", "*,L", "L,3", "LW,2", "L,", "W"),
);
const month = anyField(1, 12, { names: ["jan", "Feb", "DEC", "june"] });
const dayOfWeek = fc
  .oneof(
    anyField(0, 7, { names: ["sun", "Mon", "SAT", "friday"], suffixes: ["L", "#1", "#2", "#5", "#6", "#L", "#"] }),
    fc.constantFrom("?", "5L", "friL", "fri#5", "+mon", "+*", "+", "1-5L", "mon,wed#1", "fri-sun", "*L", "*#2", "L"),
    // A step from 7 on is refused before. From 8 on it has no value.
  )
  .filter((field) => !/(^|,)([78]|sun)\//i.test(field));
const instant = fc.integer({ min: Date.parse("1970-01-01T00:00Z"), max: Date.parse("2100-01-01T00:00Z") });

test("cron fields match the same times as in Croner, and the same fields are refused", () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      time,
      dayOfMonth,
      month,
      dayOfWeek,
      fc.array(instant, { maxLength: 3 }),
      (times, dom, inYear, dow, at) => {
        const fields = [...times, dom, inYear, dow];
        const theirs = withCroner(fields);
        const ours = parsed(fields);
        expect(ours === null).toBe(theirs === null);
        if (ours === null || theirs === null) return;
        expect(ours.hasMatch).toBe(theirs.nextRun(new Date("2000-01-01T00:00:00Z")) !== null);
        if (!ours.hasMatch) return;
        accepted++;
        for (const wall of [...at, ...at.map((ms) => ms - (ms % HOUR))]) {
          expect(shown(ours.next(wall))).toBe(shown(theirs.nextRun(new Date(wall))));
          expect(shown(ours.previous(wall))).toBe(shown(theirs.previousRuns(1, new Date(wall))[0]));
          const everyHour = withCroner([...fields.slice(0, 2), "*", "*", "*", "*"]);
          expect(shown(ours.nextMinute(wall))).toBe(shown(everyHour?.nextRun(new Date(wall - 1))));
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(500);
});

test.each(["60/7 * *", "* 60/2 *", "* * 24/5"])("the time %j has no value, so it never matches", (times) => {
  expect(parsed([...times.split(" "), "*", "*", "*"])?.hasMatch).toBe(false);
});

test("a schedule of every hour is one whose hour field has all 24", () => {
  const everyHour = (hour: string) => parsed(["0", "0", hour, "*", "*", "*"])?.everyHour;
  expect(["*", "0-23", "*/1", "0-11,12-23", "5,*"].map(everyHour)).toEqual([true, true, true, true, true]);
  expect(["0-22", "*/2", "1/1", "1-23"].map(everyHour)).toEqual([false, false, false, false]);
});

test("a cron schedule ends with the year 9999, and begins with the year 1", () => {
  const cron = parsed(["0", "0", "0", "1", "1", "*"]);
  expect(shown(cron?.next(Date.parse("9998-06-01T00:00Z")))).toBe("9999-01-01T00:00:00.000Z");
  expect(() => cron?.next(Date.parse("9999-06-01T00:00Z"))).toThrow("beyond the years 1 to 9999");
  expect(shown(cron?.previous(Date.parse("0001-06-01T00:00Z")))).toBe("0001-01-01T00:00:00.000Z");
  expect(() => cron?.previous(Date.parse("0001-01-01T00:00Z"))).toThrow("beyond the years 1 to 9999");
});

function shown(found: Date | Instant | null | undefined): string | null {
  return found === null || found === undefined ? null : toIso(Number(found));
}
