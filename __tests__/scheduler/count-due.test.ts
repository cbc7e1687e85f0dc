import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { countDue, MAX_BEHIND } from "../../src/scheduler/decide.ts";
import { delayOf } from "../../src/scheduler/delay.ts";
import { dueInstants } from "../../src/scheduler/due.ts";
import { HOUR, type Instant, MINUTE, SECOND } from "../../src/scheduler/instant.ts";
import { scheduleOf } from "../../src/scheduler/schedule-of.ts";
import { duration, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";

const length = fc.oneof(fc.integer({ min: 1, max: 2 * HOUR }), duration);
const buffer = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * HOUR }), duration);

test("the count of due boundaries is that of a walk over them", async () => {
  const cases = fc.record({
    length,
    buffer,
    at: zoneAndInstant,
    since: fc.integer({ min: -2 * HOUR, max: 3000 * HOUR }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ length, buffer, at: { zone, instant: now }, since }) => {
      const schedule = await scheduleOf(length, zone);
      const due = dueInstants(now, await delayOf("startBuffer", buffer, zone));
      const after = due.horizon - since;
      let walked = 0;
      for (let end = schedule.next(after); walked < MAX_BEHIND && due.has(end); end = schedule.next(end)) walked++;
      expect(countDue(after, schedule, due)).toBe(walked);
    }),
    { numRuns: 300 },
  );
});

test.each<[number, Instant, number]>([
  [MINUTE, 59 * SECOND, 0],
  [MINUTE, MINUTE, 1],
  [MINUTE, MAX_BEHIND * MINUTE - 1, MAX_BEHIND - 1],
  [MINUTE, MAX_BEHIND * MINUTE, MAX_BEHIND],
  [1, 1_000_000 * HOUR, MAX_BEHIND],
])("of intervals of %d ms, %d ms after an end, %d further ones are due", async (length, since, count) => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  const due = dueInstants(now, await delayOf("startBuffer", 0, "UTC"));
  expect(countDue(now - since, await scheduleOf(length, "UTC"), due)).toBe(count);
});
