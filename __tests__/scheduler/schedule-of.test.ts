import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { clientMessage } from "../../src/client/remedies.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { toIso } from "../../src/scheduler/instant.ts";
import type { JobInterval } from "../../src/scheduler/schedule.ts";
import { scheduleOf } from "../../src/scheduler/schedule-of.ts";
import { anyInterval, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";

interface Row {
  readonly date: string;
  readonly interval: JobInterval;
  readonly timezone: string;
  readonly next: string;
  readonly prev: string;
}

describe("the rows of fixtures/intervals.json", () => {
  const rows: Row[] = JSON.parse(readFileSync(new URL("../fixtures/intervals.json", import.meta.url), "utf8"));
  const isTooShort = ({ interval }: Row) =>
    typeof interval === "string" && !interval.startsWith("@") && interval.trim().split(/\s+/).length < 5;
  const kept = rows.filter((row) => !isTooShort(row));
  const refused = rows.filter(isTooShort);

  test("are 844 to keep and 10 to refuse", () => {
    expect([kept.length, refused.length]).toEqual([844, 10]);
    expect(refused.map(({ interval }) => interval).sort()).toEqual([
      "",
      "",
      "",
      "",
      "*",
      "* *",
      "* *",
      "* *",
      "5 *",
      "5 *",
    ]);
  });

  test("are the next and previous boundaries of their schedules", async () => {
    const wrong: unknown[] = [];
    for (const { date, interval, timezone, next, prev } of kept) {
      const schedule = await scheduleOf(interval, timezone);
      const actual = { next: toIso(schedule.next(Date.parse(date))), prev: toIso(schedule.previous(Date.parse(date))) };
      if (actual.next !== next || actual.prev !== prev) wrong.push({ date, interval, timezone, next, prev, actual });
    }
    expect(wrong).toEqual([]);
  });

  test("are refused if they are cron expressions of fewer than five fields", async () => {
    for (const { interval, timezone } of refused) {
      const error = await scheduleOf(interval, timezone).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error).toMatchObject({ code: "invalid-cron", message: expect.stringMatching(/it has [012] fields?\)$/) });
      expect(clientMessage(error)).toContain("pass 5 fields");
    }
  });
});

test("next is always later than its instant, and previous always earlier", async () => {
  await fc.assert(
    fc.asyncProperty(zoneAndInstant, anyInterval, async ({ zone, instant }, interval) => {
      const { next, previous } = await scheduleOf(interval, zone);
      expect(next(instant)).toBeGreaterThan(instant);
      expect(previous(instant)).toBeLessThan(instant);
    }),
    { numRuns: 1500 },
  );
});
