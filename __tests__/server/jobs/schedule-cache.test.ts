import { expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import type { RecordedSchedule } from "../../../src/scheduler/state-document.ts";
import { prepareSchedule } from "../../../src/scheduler/what-comes-next.ts";
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

test("a thousand schedules are stored, and then a random one is replaced", async () => {
  const cache = new ScheduleCache(prepareSchedule, () => 0.001);
  const [first, second] = [await cache.prepare(hours(1)), await cache.prepare(hours(2))];
  for (let count = 3; count <= 1_000; count++) cache.prepare(hours(count));
  expect(await cache.prepare(hours(2))).toBe(second);
  cache.prepare(hours(1_001));
  expect(await cache.prepare(hours(1))).toBe(first);
  expect(await cache.prepare(hours(2))).not.toBe(second);
});

test("more schedules than it stores, always in the same order, are not all parsed again", async () => {
  let parsed = 0;
  // The generator of Park and Miller: the same numbers in each run of the test.
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % (2 ** 31 - 1);
    return seed / 2 ** 31;
  };
  const cache = new ScheduleCache(async () => {
    parsed++;
    return null;
  }, random);
  const scan = async () => {
    parsed = 0;
    for (let count = 1; count <= 1_440; count++) await cache.prepare(hours(count));
    return parsed;
  };
  expect(await scan()).toBe(1_440);
  for (let scans = 0; scans < 5; scans++) expect(await scan()).toBeLessThan(1_200);
});

function hours(count: number): RecordedSchedule {
  return { ...HOURLY, jobInterval: count * HOUR };
}
