import { expect, test } from "@jest/globals";
import { DAY, HOUR, MINUTE, SECOND, toIso } from "../../../src/scheduler/instant.ts";
import type { JobInterval } from "../../../src/scheduler/schedule.ts";
import { upcomingOf } from "../../../src/server/jobs/upcoming.ts";
import { lengthText, scheduleElement } from "../../../src/server/pages/schedule-text.ts";
import { HOURLY, lock, NOON, state } from "../../../testing/states/states-by-instant.ts";

const scheduleOf = (jobInterval: JobInterval, timezone = "UTC") => ({ ...HOURLY, jobInterval, timezone });
const textOf = async (jobInterval: JobInterval, timezone?: string) => {
  const schedule = scheduleOf(jobInterval, timezone);
  const upcoming = await upcomingOf(state("report", { finishedUntil: toIso(NOON), schedule }));
  return scheduleElement(schedule, upcoming, "UTC").text.replace(/<\/?code>/g, "");
};

test.each<[interval: JobInterval, timezone: string, text: string]>([
  [HOUR, "UTC", "every hour"],
  [90 * MINUTE, "UTC", "every 1 hour 30 minutes"],
  [DAY + 1, "UTC", "every 1 day 1 millisecond"],
  [HOUR, "Asia/Tokyo", "every hour"],
  [{ days: 1 }, "Asia/Tokyo", "every day, Asia/Tokyo"],
  [{ weeks: 2 }, "UTC", "every 2 weeks"],
  ["0 * * * *", "UTC", "0 * * * *, 1 h each"],
  ["0 0 1 * *", "Asia/Tokyo", "0 0 1 * *, 6 d each, Asia/Tokyo"],
  ["<by tides>", "UTC", "&#60;by tides&#62;"],
])("%j in %s is %s", async (interval, timezone, text) => {
  expect(await textOf(interval, timezone)).toBe(text);
});

test("a delay of 0 has no text", () => {
  expect([lengthText(0), lengthText({}), lengthText({ minutes: 5 }), lengthText(30 * SECOND)]).toEqual([
    ...["", "", "5 minutes", "30 seconds"],
  ]);
});

test("the next interval of a job is after its progress, and the one after its lock is due later", async () => {
  const job = state("report", { finishedUntil: toIso(NOON), schedule: { ...HOURLY, startBuffer: MINUTE } });
  expect(await upcomingOf(job)).toEqual({ from: NOON, until: NOON + HOUR, length: HOUR, dueAfterLock: null });
  expect(await upcomingOf({ ...job, active: lock(NOON + HOUR) })).toMatchObject({
    dueAfterLock: NOON + 2 * HOUR + MINUTE,
  });
  const nothing = { from: null, until: null, length: null, dueAfterLock: null };
  expect(await upcomingOf(state("never"))).toEqual(nothing);
  expect(await upcomingOf({ ...job, schedule: scheduleOf("by tides") })).toEqual(nothing);
});
