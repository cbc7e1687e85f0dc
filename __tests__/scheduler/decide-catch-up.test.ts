import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decide } from "../../src/scheduler/decide.ts";
import { DAY, HOUR, type Instant, toIso } from "../../src/scheduler/instant.ts";
import { prepareStart } from "../../src/scheduler/start-request.ts";
import {
  begun,
  type Case,
  decideOn,
  instant,
  inWords,
  type Requested,
  until,
} from "../../testing/decisions/decided.ts";
import { anyInterval, duration, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { job } from "../../testing/states/states-by-time-of-day.ts";

describe("a job that fell behind", () => {
  const merge: Requested = { catchUp: "merge" };
  const latest: Requested = { catchUp: "latest" };
  const month = { startBuffer: { months: 1 } };
  test.each<Case>([
    ["gets one long interval under merge", until("07:00"), "11:30", "07:00–11:00", merge],
    ["gets the newest interval under latest", until("07:00"), "11:30", "10:00–11:00", latest],
    ["gets a single missed interval under merge", until("10:00"), "11:30", "10:00–11:00", merge],
    ["gets a single missed interval under latest", until("10:00"), "11:30", "10:00–11:00", latest],
    ["isn't due any earlier under merge", until("11:00"), "11:30", "not due until 12:00", merge],
    ["merges up to the horizon", until("07:00"), "11:30", "07:00–10:00", { ...merge, startBuffer: HOUR }],
    ["merges from startsAt on", null, "11:30", "06:30–11:00", { ...merge, startsAt: instant("06:30") }],
    ["gets the newest from startsAt on", null, "11:30", "10:00–11:00", { ...latest, startsAt: instant("06:30") }],
    ["merges a first interval that failed", begun("07:20", "07:40"), "11:30", "07:20–11:00", merge],
    ["follows a first interval that failed with whole ones", begun("07:20", "07:40"), "08:30", "07:40–08:00", latest],
    [
      "gets milliseconds counted from its progress",
      until("07:10"),
      "11:30",
      "10:10–11:10",
      { ...latest, jobInterval: HOUR },
    ],
    [
      "gets days counted from its progress",
      job({ finishedUntil: "2026-03-01T02:00:00.000Z" }),
      "11:30",
      "2026-03-03T02:00–02:00",
      { ...latest, jobInterval: { days: 1 } },
    ],
    [
      "gets every boundary that is due in a row, where a calendar buffer leaves some out",
      job({ finishedUntil: "2026-01-27T23:00:00.000Z" }),
      "2026-02-28T01:30",
      "2026-01-27T23:00–2026-01-28T01:00",
      { ...merge, ...month },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    const instantOf = (time: string) => (time.length > 5 ? Date.parse(`${time}:00Z`) : instant(time));
    expect(inWords(await decideOn(requested, state, instantOf(now)))).toBe(outcome);
  });

  test.each([
    [merge, "07:00–09:00"],
    [latest, "08:00–09:00"],
  ])("stops where a required job has got to: %j", async (requested, outcome) => {
    const required = { before: until("09:30") };
    const decision = await decideOn(
      { ...requested, requiredJobNames: ["before"] },
      until("07:00"),
      instant("11:30"),
      required,
    );
    expect(inWords(decision)).toBe(outcome);
    // The required job does not count.
    expect(decision).toMatchObject({ behind: 2 });
  });

  test.each([
    ["each", 3],
    ["merge", 0],
    ["latest", 0],
  ] as const)("hears under %s that %d further intervals are due", async (catchUp, behind) => {
    expect(await decideOn({ catchUp }, until("07:00"), instant("11:30"))).toMatchObject({ behind });
  });

  test("counts up to 1,000 intervals", async () => {
    expect(await decideOn({ jobInterval: 1 }, until("07:00"), instant("07:00:01.000"))).toMatchObject({ behind: 999 });
    expect(await decideOn({ jobInterval: 1 }, until("07:00"), instant("11:30"))).toMatchObject({ behind: 1000 });
  });

  test("gets under latest the span that it skips, and under the other policies no span", async () => {
    const decisionOn = (catchUp: "each" | "merge" | "latest") =>
      decideOn({ catchUp }, until("07:00"), instant("11:30"));
    expect(await decisionOn("latest")).toMatchObject({
      skipped: { from: instant("07:00"), until: instant("10:00") },
      begun: { intervalStartedAt: instant("07:00"), intervalEndedAt: instant("08:00") },
    });
    for (const catchUp of ["each", "merge"] as const) {
      expect(await decisionOn(catchUp)).toMatchObject({ skipped: null });
    }
  });

  test("walks over at most 100,000 boundaries of a calendar at once", async () => {
    const state = job({ finishedUntil: "1700-01-01T00:00:00.000Z" });
    const decision = await decideOn({ ...merge, jobInterval: { days: 1 } }, state, Date.parse("2026-03-04T10:00Z"));
    if (!decision.started) throw new Error("Expected a grant");
    expect(decision.intervalEndedAt - decision.intervalStartedAt).toBe(100_001 * DAY);
    expect(decision.behind).toBe(1000);
  });

  test.each([
    ["* * * * * *", "UTC", 0],
    ["* * * * * *", "America/New_York", { days: 1 }],
    ["* * * * *", "Europe/London", 0],
    ["* * 1 * * *", "America/New_York", 0],
    [1, "UTC", 0],
    [{ seconds: 1 }, "UTC", 0],
    [{ days: 1 }, "Europe/London", 0],
  ])(
    "gets an answer in 50 ms a year later: %j in %s with a start buffer of %j",
    async (jobInterval, timezone, startBuffer) => {
      const now = Date.parse("2026-11-24T10:30:12.345Z");
      const state = job({ finishedUntil: "2025-11-24T10:00:00.000Z" });
      for (const catchUp of ["merge", "latest"] as const) {
        const request = await prepareStart({ jobName: "report", jobInterval, timezone, startBuffer, catchUp });
        const times = Array.from({ length: 5 }, () => {
          const from = performance.now();
          expect(decide(request, state, new Map(), now)).toMatchObject({ started: true, behind: 0 });
          return performance.now() - from;
        });
        // The fastest of several: other processes share the machine.
        expect(Math.min(...times)).toBeLessThan(50);
      }
    },
  );

  test("gets the interval that a walk over every boundary finds", async () => {
    const spans = fc.oneof(fc.integer({ min: 0, max: 3 * DAY }), fc.integer({ min: 0, max: 60 * DAY }));
    const buffer = fc.oneof(fc.constantFrom(0, { days: 1 }, { months: 1 }, { hours: 30 }), duration);
    await fc.assert(
      fc.asyncProperty(zoneAndInstant, anyInterval, spans, buffer, async (where, jobInterval, span, startBuffer) => {
        const request = { jobInterval, timezone: where.zone, startBuffer };
        const prepared = await prepareStart({ jobName: "report", ...request });
        const { schedule } = prepared;
        const now = prepared.startBuffer.after(where.instant) + span;
        let [start, end] = [where.instant, schedule.next(where.instant)];
        const isDue = (instant: Instant) => prepared.startBuffer.after(instant) <= now;
        // A walk over more boundaries than this takes too long here.
        let walked = 0;
        for (let next = schedule.next(end); isDue(end) && isDue(next) && walked <= 3_000; next = schedule.next(next)) {
          [start, end, walked] = [end, next, walked + 1];
        }
        fc.pre(walked <= 3_000);
        const state = job({ finishedUntil: toIso(where.instant) });
        const [merged, newest] = [
          await decideOn({ ...request, catchUp: "merge" }, state, now),
          await decideOn({ ...request, catchUp: "latest" }, state, now),
        ];
        const expected = isDue(end) ? end : null;
        expect(merged.started ? merged.intervalEndedAt : null).toBe(expected);
        if (merged.started) expect(merged.intervalStartedAt).toBe(where.instant);
        expect(newest.started ? [newest.intervalStartedAt, newest.intervalEndedAt] : null).toEqual(
          expected === null ? null : [start, expected],
        );
      }),
      { numRuns: 150 },
    );
  });
});
