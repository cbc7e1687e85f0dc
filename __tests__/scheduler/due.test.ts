import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { delayOf } from "../../src/scheduler/delay.ts";
import { dueInstants } from "../../src/scheduler/due.ts";
import type { Duration } from "../../src/scheduler/duration.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { CLOCK_CHANGES, duration, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";

/** Buffers on a calendar, which clock changes and the ends of months turn into different lengths. */
const calendarBuffer: fc.Arbitrary<Duration> = fc.oneof(
  fc.constantFrom<Duration>({ days: 1 }, { months: 1 }, { days: 2, hours: 3 }, { months: 1, days: 2 }, { years: 1 }),
  duration,
);

/** Instants at which a start buffer reaches back to a clock change, or to the end of a month. */
const hardNow = (buffer: Duration) =>
  fc.oneof(
    zoneAndInstant,
    fc
      .record({ change: fc.constantFrom(...CLOCK_CHANGES), minutes: fc.integer({ min: -300, max: 300 }) })
      .map(({ change, minutes }) => ({ zone: change.zone, instant: change.at + daysOf(buffer) + minutes * MINUTE })),
    fc
      .record({ month: fc.nat(11), hours: fc.integer({ min: -72, max: 72 }) })
      .map(({ month, hours }) => ({ zone: "UTC", instant: Date.UTC(2026, month, 1) + hours * HOUR })),
  );

function daysOf({ days = 0, weeks = 0 }: Duration): number {
  return (days + 7 * weeks) * DAY;
}

const cases = calendarBuffer.chain((buffer) => hardNow(buffer).map((now) => ({ buffer, ...now })));

describe("at any instant", () => {
  const MINUTES = Array.from({ length: 12 * 60 }, (_, minute) => minute * MINUTE);

  test("the horizon is the latest instant that is due, at or before now minus the start buffer", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ buffer, zone, instant: now }) => {
        const startBuffer = await delayOf("startBuffer", buffer, zone);
        const { has, horizon } = dueInstants(now, startBuffer);
        const latest = startBuffer.before(now);
        expect(has(horizon)).toBe(true);
        expect(horizon).toBeLessThanOrEqual(latest);
        const between = MINUTES.map((back) => latest - back).filter((candidate) => candidate > horizon);
        expect(between.filter(has)).toEqual([]);
        if (horizon < latest) expect(has(horizon + 1)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test("all instants up to the end of the unbroken span are due, and the one after it is not", async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(40 * 24), async ({ buffer, zone, instant: now }, hoursBefore) => {
        const { has, horizon, unbrokenFrom } = dueInstants(now, await delayOf("startBuffer", buffer, zone));
        const from = horizon - hoursBefore * HOUR;
        fc.pre(has(from));
        const until = unbrokenFrom(from);
        expect(has(until + 1)).toBe(false);
        const span = Array.from({ length: 60 }, (_, at) => Math.round(from + ((until - from) * at) / 60));
        expect([...span, until].filter((instant) => !has(instant)).map(toIso)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

test.each<[string, string, Duration, string, string]>([
  // A day before 2:30 on March 9 is 3:30 on March 8, because clocks skip 2:30. That is due at 3:30.
  ["clocks skip", "2026-03-09T02:30-04:00", { days: 1 }, "America/New_York", "2026-03-08T01:59:59.999-05:00"],
  ["a month ends early", "2026-03-01T12:00Z", { months: 1, days: 2 }, "UTC", "2026-01-27T12:00Z"],
])("where %s, the horizon at %s with a start buffer of %j in %s is %s", async (_, now, buffer, zone, expected) => {
  const { horizon } = dueInstants(Date.parse(now), await delayOf("startBuffer", buffer, zone));
  expect(toIso(horizon)).toBe(toIso(Date.parse(expected) as Instant));
});
