import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Temporal } from "temporal-polyfill";
import type { Duration } from "../../src/scheduler/duration.ts";
import { type Instant, toIso } from "../../src/scheduler/instant.ts";
import { scheduleOf } from "../../src/scheduler/schedule-of.ts";
import { duration, ZONES, zoneAndInstant, zoned } from "../../testing/generators/zones-and-intervals.ts";

type Direction = "add" | "subtract";

/** The two instants of a wall time that clocks repeat or skip; for any other wall time the same instant twice. */
function passesOf(wall: Temporal.PlainDateTime, zone: string) {
  const [first, second] = (["earlier", "later"] as const).map((disambiguation) =>
    wall.toZonedDateTime(zone, { disambiguation }),
  );
  if (first === undefined || second === undefined) throw new Error("A wall time has two disambiguations");
  return { first, second, exists: first.toPlainDateTime().equals(wall), ambiguous: !first.equals(second) };
}

/** Temporal's result, except in the two cases where this project's rule differs. */
function oracle(instant: Instant, zone: string, fields: Duration, direction: Direction): Instant {
  const { years = 0, months = 0, weeks = 0, days = 0, ...time } = fields;
  const calendar = { years, months, weeks, days };
  const from = zoned(instant, zone);
  if (years + months + weeks + days === 0) return from[direction](fields).epochMilliseconds;

  const wall = from.toPlainDateTime()[direction](calendar);
  const { first, second, exists, ambiguous } = passesOf(wall, zone);
  const withTime = (landed: Temporal.ZonedDateTime) => landed[direction]({ hours: 0, ...time }).epochMilliseconds;
  // A repeated wall time: the second pass, except in zones behind UTC.
  if (exists && ambiguous) return withTime(second.offsetNanoseconds < 0 ? first : second);
  // A skipped day: going a day back from after it must move time.
  if (!exists && direction === "subtract" && second.epochMilliseconds >= instant) return withTime(first);
  return from[direction](fields).epochMilliseconds;
}

async function step(instant: Instant, zone: string, fields: Duration, direction: Direction): Promise<Instant> {
  const { next, previous } = await scheduleOf(fields, zone);
  return direction === "add" ? next(instant) : previous(instant);
}

test("a duration moves an instant as Temporal does", async () => {
  await fc.assert(
    fc.asyncProperty(
      zoneAndInstant,
      fc.oneof(duration, fc.constantFrom<Duration>({ days: 1 }, { days: 1, hours: 1 }, { weeks: 1 }, { months: 1 })),
      fc.constantFrom<Direction>("add", "subtract"),
      async ({ zone, instant }, fields, direction) => {
        expect(toIso(await step(instant, zone, fields, direction))).toBe(
          toIso(oracle(instant, zone, fields, direction)),
        );
      },
    ),
    { numRuns: 1500 },
  );
});

describe("a duration at clock changes", () => {
  test.each([
    // 02:30 is skipped: it moves on by the hour.
    ["2026-03-07T02:30-05:00", "America/New_York", "add", { days: 1 }, "2026-03-08T03:30-04:00"],
    ["2026-03-09T02:30-04:00", "America/New_York", "subtract", { days: 1 }, "2026-03-08T03:30-04:00"],
    ["2026-03-29T00:30+00:00", "Europe/London", "add", { hours: 1 }, "2026-03-29T02:30+01:00"],
    // 01:30 is repeated: the first pass in zones behind UTC, the second pass in others.
    ["2026-10-31T01:30-04:00", "America/New_York", "add", { days: 1 }, "2026-11-01T01:30-04:00"],
    ["2026-11-02T01:30-05:00", "America/New_York", "subtract", { days: 1 }, "2026-11-01T01:30-04:00"],
    ["2026-10-24T01:30+01:00", "Europe/London", "add", { days: 1 }, "2026-10-25T01:30+00:00"],
    ["2026-10-26T01:30+00:00", "Europe/London", "subtract", { days: 1 }, "2026-10-25T01:30+00:00"],
    ["2026-04-04T01:45+11:00", "Australia/Lord_Howe", "add", { days: 1 }, "2026-04-05T01:45+10:30"],
    // Elapsed time counts both passes.
    ["2026-11-01T01:30-04:00", "America/New_York", "add", { hours: 1 }, "2026-11-01T01:30-05:00"],
    ["2026-10-31T01:30-04:00", "America/New_York", "add", { days: 1, hours: 1 }, "2026-11-01T01:30-05:00"],
    // December 30, 2011 is skipped.
    ["2011-12-29T12:00-10:00", "Pacific/Apia", "add", { days: 1 }, "2011-12-31T12:00+14:00"],
    ["2011-12-31T12:00+14:00", "Pacific/Apia", "subtract", { days: 1 }, "2011-12-29T12:00-10:00"],
    // Offsets were once not whole minutes: here 2:10:18.
    ["2026-03-04T12:00+02:00", "Africa/Maputo", "subtract", { years: 150 }, "1876-03-04T09:49:42Z"],
  ] as const)("%s in %s, %s %j, is %s", async (from, zone, direction, fields, to) => {
    expect(toIso(await step(Date.parse(from), zone, fields, direction))).toBe(toIso(Date.parse(to)));
  });
});

test.each(ZONES)("a schedule of one day keeps noon all year in %s", async (zone) => {
  const { next } = await scheduleOf({ days: 1 }, zone);
  for (const year of [2011, 2026]) {
    let noon = zoned(Date.parse(`${year}-01-01T00:00:00Z`), zone).withPlainTime("12:00");
    for (let day = 0; day < 365; day++) {
      noon = zoned(next(noon.epochMilliseconds), zone);
      expect(String(noon.toPlainTime())).toBe("12:00:00");
    }
    expect(noon.epochMilliseconds).toBeGreaterThan(Date.parse(`${year}-12-31T00:00:00Z`));
    expect(noon.epochMilliseconds).toBeLessThan(Date.parse(`${year + 1}-01-03T00:00:00Z`));
  }
});
