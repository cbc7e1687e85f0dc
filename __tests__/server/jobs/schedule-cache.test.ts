import { expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import { ScheduleCache } from "../../../src/server/jobs/schedule-cache.ts";
import { HOURLY } from "../../../testing/states/states-by-instant.ts";

test("a schedule is prepared once, whatever the required jobs", async () => {
  const cache = new ScheduleCache();
  const first = await cache.prepare(HOURLY);
  expect(await cache.prepare({ ...HOURLY, requiredJobNames: ["orders"] })).toBe(first);
  expect(await cache.prepare({ ...HOURLY, timezone: "Asia/Tokyo" })).not.toBe(first);
  expect(await cache.prepare({ ...HOURLY, startBuffer: 1 })).not.toBe(first);
});

test("no schedule, and one that only a newer version understands, are null", async () => {
  const cache = new ScheduleCache();
  expect(await cache.prepare(undefined)).toBeNull();
  expect(await cache.prepare({ ...HOURLY, jobInterval: "by tides" })).toBeNull();
});

test("a thousand schedules are stored, and then the oldest is replaced", async () => {
  const cache = new ScheduleCache();
  const hours = (count: number) => ({ ...HOURLY, jobInterval: count * HOUR });
  const [first, second] = [await cache.prepare(hours(1)), await cache.prepare(hours(2))];
  for (let count = 3; count <= 1_000; count++) cache.prepare(hours(count));
  expect(await cache.prepare(hours(1))).toBe(first);
  cache.prepare(hours(1_001));
  expect(await cache.prepare(hours(2))).toBe(second);
  expect(await cache.prepare(hours(1))).not.toBe(first);
});
