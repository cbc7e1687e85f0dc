import { describe, expect, test } from "@jest/globals";
import { MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { JobInterval } from "../../src/scheduler/schedule.ts";
import { scheduleOf } from "../../src/scheduler/schedule-of.ts";
import { firstStartFrom, wholeIntervals } from "../../src/scheduler/whole-intervals.ts";

const NEW_YORK = "America/New_York";

interface Listed {
  readonly jobInterval: JobInterval;
  readonly timezone?: string;
  readonly from: string;
  readonly to: string;
}

async function rangeOf({ jobInterval, timezone = "UTC", from, to }: Listed) {
  const schedule = await scheduleOf(jobInterval, timezone);
  return { jobInterval, schedule, from: Date.parse(from), to: Date.parse(to) };
}

/** @returns the start of each listed interval, and the end of the last one. */
async function cutsOf(listed: Listed): Promise<string[]> {
  const intervals = wholeIntervals({ ...(await rangeOf(listed)), most: 100 }) ?? [];
  return [...intervals.map(({ start }) => start), ...intervals.slice(-1).map(({ end }) => end)].map(toIso);
}

describe("only whole intervals are listed", () => {
  test.each([
    ["a range that ends on a boundary", "2026-11-24T03:00:00Z", 3],
    ["a range that ends a millisecond before one", "2026-11-24T02:59:59.999Z", 2],
    ["a range that ends before the first one", "2026-11-24T00:59:59.999Z", 0],
  ])("of %s", async (_, to, count) => {
    for (const jobInterval of ["0 * * * *", { hours: 1 }, 60 * MINUTE]) {
      const range = await rangeOf({ jobInterval, from: "2026-11-24T00:00:00Z", to });
      expect(wholeIntervals({ ...range, most: 100 })).toHaveLength(count);
    }
  });

  test("a cron expression begins with the first boundary that is not before the range", async () => {
    expect(
      await cutsOf({ jobInterval: "0 * * * *", from: "2026-11-24T00:00:00.001Z", to: "2026-11-24T03:30:00Z" }),
    ).toEqual(["2026-11-24T01:00:00.000Z", "2026-11-24T02:00:00.000Z", "2026-11-24T03:00:00.000Z"]);
  });

  test("a length of time begins with the range", async () => {
    expect(
      await cutsOf({ jobInterval: { hours: 1 }, from: "2026-11-24T00:00:00.001Z", to: "2026-11-24T02:30:00Z" }),
    ).toEqual(["2026-11-24T00:00:00.001Z", "2026-11-24T01:00:00.001Z", "2026-11-24T02:00:00.001Z"]);
  });

  test("a range that has more intervals than it may have gets none, and one that has as many gets all", async () => {
    const range = await rangeOf({ jobInterval: 1, from: "2026-11-24T00:00:00Z", to: "2026-11-24T00:00:00.010Z" });
    expect(wholeIntervals({ ...range, most: 9 })).toBeNull();
    expect(wholeIntervals({ ...range, most: 10 })).toHaveLength(10);
  });
});

describe("where clocks change", () => {
  test.each([
    ["its boundary of that day", "2026-03-08T03:30:00-04:00", "2026-03-08T07:30:00.000Z"],
    ["the end of the gap", "2026-03-08T03:00:00-04:00", "2026-03-08T07:30:00.000Z"],
    ["the day before", "2026-03-07T02:30:00-05:00", "2026-03-07T07:30:00.000Z"],
    ["just after its boundary of that day", "2026-03-08T03:30:00.001-04:00", "2026-03-09T06:30:00.000Z"],
  ])("a match that clocks skip starts an interval of a range from %s", async (_, from, first) => {
    const range = await rangeOf({ jobInterval: "30 2 * * *", timezone: NEW_YORK, from, to: from });
    expect(toIso(firstStartFrom(range))).toBe(first);
  });

  test.each([
    ["the first of the two", "2026-11-01T01:30:00-04:00", "2026-11-01T05:30:00.000Z"],
    ["just after the first one", "2026-11-01T01:30:00.001-04:00", "2026-11-02T06:30:00.000Z"],
    ["the repeated hour", "2026-11-01T01:00:00-05:00", "2026-11-01T06:30:00.000Z"],
    ["the second one", "2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00.000Z"],
    ["just after the second one", "2026-11-01T01:30:00.001-05:00", "2026-11-02T06:30:00.000Z"],
  ])("a match that clocks repeat starts an interval of a range from %s", async (_, from, first) => {
    const range = await rangeOf({ jobInterval: "30 1 * * *", timezone: NEW_YORK, from, to: from });
    expect(toIso(firstStartFrom(range))).toBe(first);
  });

  test("days have 23 and 25 hours, and a range from a boundary is listed as a longer one has it", async () => {
    const listed = { jobInterval: "30 2 * * *", timezone: NEW_YORK, to: "2026-03-11T00:00:00Z" };
    const all = await cutsOf({ ...listed, from: "2026-03-06T00:00:00Z" });
    expect(all).toEqual([
      "2026-03-06T07:30:00.000Z",
      "2026-03-07T07:30:00.000Z",
      "2026-03-08T07:30:00.000Z",
      "2026-03-09T06:30:00.000Z",
      "2026-03-10T06:30:00.000Z",
    ]);
    for (const [at, from] of all.slice(0, -1).entries()) {
      expect(await cutsOf({ ...listed, from })).toEqual(all.slice(at));
    }
  });
});
