import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Decision, decide } from "../../src/scheduler/decide.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { prepareStart, type StartRequest } from "../../src/scheduler/start-request.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { anyInterval, duration, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { at, DAY_OF_TESTS, job, lock } from "../../testing/states/states-by-time-of-day.ts";

type Requested = Partial<StartRequest>;

/** Decides on a request of every hour on the hour, unless `requested` says otherwise. */
async function decideOn(requested: Requested, state: JobState | null, now: Instant, required = {}): Promise<Decision> {
  const prepared = await prepareStart({ jobName: "report", jobInterval: "0 * * * *", ...requested });
  return decide(prepared, state, new Map(Object.entries(required)), now);
}

/** The time of day; with its date if that is not the day of the tests. */
function shown(instant: Instant): string {
  return toIso(instant)
    .replace(`${DAY_OF_TESTS}T`, "")
    .replace(/(:00)?(\.000)?Z$/, "");
}

function inWords(decision: Decision): string {
  if (decision.started) return `${shown(decision.intervalStartedAt)}–${shown(decision.intervalEndedAt)}`;
  switch (decision.reason) {
    case "active":
      return `active: ${decision.id}, ${decision.retryAt === null ? "forever" : `until ${shown(decision.retryAt)}`}`;
    case "not-due":
      return `not due${decision.dueAt === null ? "" : ` until ${shown(decision.dueAt)}`}`;
    case "required-job": {
      const { jobName, finishedUntil, neededUntil } = decision;
      if (finishedUntil === null || neededUntil === null) return `${jobName} has finished nothing`;
      return `${jobName} is at ${shown(finishedUntil)}, not ${shown(neededUntil)}`;
    }
  }
}

const instant = (time: string) => Date.parse(at(time));
const until = (time: string) => job({ finishedUntil: at(time) });
const held = (from: string, to: string, updatedAt = to) =>
  job({ finishedUntil: at(from), active: lock(from, to, { updatedAt: at(updatedAt) }) });
const heldFirst = (from: string, to: string) => job({ active: lock(from, to) });
const begun = (from: string, to: string) => job({ begun: { intervalStartedAt: at(from), intervalEndedAt: at(to) } });

type Case = [behaviour: string, state: JobState | null, now: string, outcome: string, requested?: Requested];

describe("the first interval", () => {
  test.each<Case>([
    ["goes from the schedule's previous boundary to now", null, "10:30", "10:00–10:30"],
    ["is a whole interval when now is a boundary", null, "10:00", "09:00–10:00"],
    [
      "is as long as its number of milliseconds, and ends now",
      null,
      "10:30",
      "10:10–10:30",
      { jobInterval: 20 * MINUTE },
    ],
    [
      "is as long as its duration, and ends now",
      null,
      "10:30",
      "08:15–10:30",
      { jobInterval: { hours: 2, minutes: 15 } },
    ],
    ["ends a start buffer before now", null, "10:30", "10:00–10:20", { startBuffer: 10 * MINUTE }],
    [
      "lies before a start buffer that reaches over the last boundary",
      null,
      "10:05",
      "09:00–09:55",
      { startBuffer: 10 * MINUTE },
    ],
    [
      "keeps its full length with a start buffer as long as the interval",
      null,
      "10:30",
      "08:30–09:30",
      { jobInterval: HOUR, startBuffer: HOUR },
    ],
    [
      "is due from a millisecond of length on",
      null,
      "10:10:00.001",
      "10:00–10:00:00.001",
      { startBuffer: 10 * MINUTE },
    ],
    ["is decided on anew where an older version recorded no begun interval", job(), "10:30", "10:00–10:30"],
    ["comes again as it was after an interrupt", begun("08:00", "08:20"), "10:30", "08:00–08:20"],
    [
      "that comes again ends at the schedule's next boundary if that is earlier",
      begun("08:00", "09:00"),
      "10:30",
      "08:00–08:10",
      { jobInterval: "*/10 * * * *" },
    ],
    [
      "that comes again isn't due before a longer start buffer has passed",
      begun("08:00", "08:20"),
      "09:00",
      "not due until 09:20",
      { startBuffer: HOUR },
    ],
    ["starts at startsAt", null, "10:30", "07:00–08:00", { startsAt: instant("07:00") }],
    ["starts at startsAt between two boundaries", null, "10:30", "07:10–08:00", { startsAt: instant("07:10") }],
    ["from startsAt is a whole one", null, "10:30", "not due until 11:00", { startsAt: instant("10:00") }],
    ["from startsAt may be in the future", null, "10:30", "not due until 13:00", { startsAt: instant("12:00") }],
    [
      "starts at a startsAt that changed",
      begun("08:00", "08:20"),
      "10:30",
      "07:00–08:00",
      { startsAt: instant("07:00") },
    ],
    [
      "from the same startsAt comes again as it was",
      begun("07:10", "07:15"),
      "10:30",
      "07:10–07:15",
      { startsAt: instant("07:10") },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(inWords(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("a later interval", () => {
  test.each<Case>([
    ["starts where the last finished one ended, and is due at its own end", until("10:00"), "11:00", "10:00–11:00"],
    ["isn't due a millisecond before its end", until("10:00"), "10:59:59.999", "not due until 11:00"],
    ["is a whole one however late the start is", until("10:00"), "11:59", "10:00–11:00"],
    ["is the oldest one when several were missed", until("07:00"), "11:30", "07:00–08:00"],
    [
      "isn't due before its start buffer has passed",
      until("10:00"),
      "11:04:59.999",
      "not due until 11:05",
      { startBuffer: 5 * MINUTE },
    ],
    ["is a whole one after its start buffer", until("10:00"), "11:05", "10:00–11:00", { startBuffer: { minutes: 5 } }],
    ["ends at the next boundary of a changed schedule", until("10:20"), "11:00", "10:20–11:00"],
    [
      "is longer after a change to a longer interval",
      until("10:00"),
      "11:00",
      "not due until 14:00",
      { jobInterval: 4 * HOUR },
    ],
    [
      "is shorter after a change to a shorter interval",
      until("10:00"),
      "11:00",
      "10:00–10:10",
      { jobInterval: 10 * MINUTE },
    ],
    ["ignores startsAt", until("10:00"), "11:00", "10:00–11:00", { startsAt: instant("07:00") }],
    [
      "is due a start buffer as long as the interval after its end",
      until("10:00"),
      "12:00",
      "10:00–11:00",
      { startBuffer: HOUR },
    ],
    ["isn't due when now is before its start", until("10:00"), "09:00", "not due until 11:00"],
    ["is the same one again after an interrupt", until("09:00"), "10:30", "09:00–10:00"],
    [
      "counts days on the calendar of the time zone",
      job({ finishedUntil: "2026-03-04T05:00:00.000Z" }),
      "12:00",
      "not due until 2026-03-05T05:00",
      { jobInterval: { days: 1 }, timezone: "America/New_York" },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(inWords(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("an active lock", () => {
  const retry = { retryInterval: 15 * MINUTE };
  test.each<Case>([
    ["is active forever without a retry interval", held("09:00", "10:00"), "23:00", "active: lock-1, forever"],
    [
      "is active until the retry interval has passed",
      held("09:00", "10:00"),
      "10:14:59.999",
      "active: lock-1, until 10:15",
      retry,
    ],
    ["is taken over once the retry interval has passed", held("09:00", "10:00"), "10:15", "09:00–10:00", retry],
    [
      "is active for a retry interval since its last update",
      held("09:00", "10:00", "10:10"),
      "10:24",
      "active: lock-1, until 10:25",
      retry,
    ],
    [
      "is taken over at once with a retry interval of 0",
      held("09:00", "10:00"),
      "10:00",
      "09:00–10:00",
      { retryInterval: 0 },
    ],
    [
      "isn't taken over when now is before its last update",
      held("09:00", "10:00"),
      "09:59",
      "active: lock-1, until 10:00",
      { retryInterval: 0 },
    ],
    ["of a first interval: a takeover gets it as it was", heldFirst("08:00", "08:20"), "10:30", "08:00–08:20", retry],
    [
      "of a first interval: a takeover isn't due before a longer start buffer has passed",
      heldFirst("08:00", "08:20"),
      "09:00",
      "not due until 09:20",
      { ...retry, startBuffer: HOUR },
    ],
    [
      "is taken over at once by a start that names it as it is",
      held("09:00", "10:00"),
      "10:00",
      "09:00–10:00",
      { takeOver: { id: "lock-1", updatedAt: instant("10:00") } },
    ],
    [
      "isn't taken over by a start that names another lock",
      held("09:00", "10:00"),
      "10:00",
      "active: lock-1, forever",
      { takeOver: { id: "lock-0", updatedAt: instant("10:00") } },
    ],
    [
      "isn't taken over by a start that names it as it was before it was updated",
      held("09:00", "10:00", "10:01"),
      "10:02",
      "active: lock-1, forever",
      { takeOver: { id: "lock-1", updatedAt: instant("10:00") } },
    ],
    [
      "is the reason of the refusal even if the interval isn't due either",
      held("09:00", "10:00"),
      "10:05",
      "active: lock-1, forever",
      { jobInterval: 4 * HOUR },
    ],
    [
      "is taken over with a shorter interval after a change",
      held("09:00", "10:00"),
      "10:30",
      "09:00–09:10",
      { ...retry, jobInterval: 10 * MINUTE },
    ],
    [
      "isn't taken over before a longer interval is due",
      held("09:00", "10:00"),
      "10:30",
      "not due until 13:00",
      { ...retry, jobInterval: 4 * HOUR },
    ],
    [
      "refuses a start without a lock too",
      held("09:00", "10:00"),
      "11:00",
      "active: lock-1, forever",
      { noLock: true },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(inWords(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("required jobs", () => {
  const both: Requested = { requiredJobNames: ["before", "beside"] };
  test.each<[string, Record<string, JobState | null>, string]>([
    [
      "that have finished up to the interval's end allow the start",
      { before: until("11:00"), beside: until("11:00") },
      "10:00–11:00",
    ],
    ["that have finished further allow the start", { before: until("12:00"), beside: until("23:00") }, "10:00–11:00"],
    [
      "that have not finished that far refuse it",
      { before: until("10:59"), beside: until("11:00") },
      "before is at 10:59, not 11:00",
    ],
    [
      "refuse it if only one of them has not finished that far",
      { before: until("11:00"), beside: until("10:00") },
      "beside is at 10:00, not 11:00",
    ],
    ["that never started refuse it", { before: until("11:00"), beside: null }, "beside has finished nothing"],
    ["without a state refuse it", { before: until("11:00") }, "beside has finished nothing"],
    [
      "whose first run was interrupted refuse it",
      { before: job(), beside: until("11:00") },
      "before has finished nothing",
    ],
    [
      "with an active lock have finished up to its start",
      { before: held("11:00", "12:00"), beside: until("11:00") },
      "10:00–11:00",
    ],
    [
      "with an active lock have not finished up to its end",
      { before: held("10:00", "11:00"), beside: until("11:00") },
      "before is at 10:00, not 11:00",
    ],
    [
      "in their first run have finished nothing",
      { before: heldFirst("10:00", "11:00"), beside: until("11:00") },
      "before has finished nothing",
    ],
  ])("%s", async (_, required, outcome) => {
    expect(inWords(await decideOn(both, until("10:00"), instant("11:00"), required))).toBe(outcome);
  });

  test.each([
    ["a first interval ends where they have got to", {}, { before: "10:30", beside: "10:29" }, "10:00–10:29"],
    ["a first interval needs no start buffer", {}, { before: "10:00", beside: "10:00" }, "09:00–10:00"],
    [
      "a first interval ends at the horizon",
      { startBuffer: HOUR },
      { before: "10:00", beside: "10:00" },
      "09:00–09:30",
    ],
    [
      "a first interval from startsAt waits for them",
      { startsAt: instant("09:00") },
      { before: "10:00", beside: "09:30" },
      "beside is at 09:30, not 10:00",
    ],
  ])("%s", async (_, requested, progress, outcome) => {
    const required = { before: until(progress.before), beside: until(progress.beside) };
    expect(inWords(await decideOn({ ...both, ...requested }, null, instant("10:30"), required))).toBe(outcome);
  });

  test("are not the reason of the refusal while the interval isn't due, unless they have finished nothing", async () => {
    const required = { before: until("10:00"), beside: until("10:00") };
    expect(inWords(await decideOn(both, until("10:00"), instant("10:30"), required))).toBe("not due until 11:00");
    expect(inWords(await decideOn(both, until("10:00"), instant("10:30")))).toBe("before has finished nothing");
  });

  test("that require the job in turn are named as such", async () => {
    const schedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: ["report"] };
    const refusedBy = (before: JobState) =>
      decideOn({ requiredJobNames: ["before"] }, until("10:00"), instant("11:00"), { before });
    expect(await refusedBy(job({ finishedUntil: at("10:00"), schedule }))).toMatchObject({ mutual: true });
    expect(await refusedBy(job({ schedule }))).toMatchObject({ mutual: true, neededUntil: null });
    expect(await refusedBy(until("10:00"))).toMatchObject({ mutual: false });
  });
});

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
      skippedStartedAt: instant("07:00"),
      skippedEndedAt: instant("10:00"),
      begun: { intervalStartedAt: instant("07:00"), intervalEndedAt: instant("08:00") },
    });
    for (const catchUp of ["each", "merge"] as const) {
      expect(await decisionOn(catchUp)).toMatchObject({ skippedStartedAt: null, skippedEndedAt: null });
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

describe("without a lock", () => {
  const noLock = true;
  const chosen = (time: string): Requested => ({ noLock, jobIntervalStartedAt: instant(time) });
  test.each<Case>([
    ["the interval is the same as with a lock", until("10:00"), "11:00", "10:00–11:00", { noLock }],
    ["the interval is due at the same time as with a lock", until("10:00"), "10:30", "not due until 11:00", { noLock }],
    [
      "a chosen interval is granted whatever the job's state",
      held("09:00", "10:00"),
      "11:00",
      "07:00–08:00",
      chosen("07:00"),
    ],
    [
      "a chosen interval is granted whatever the required jobs' states",
      null,
      "11:00",
      "07:00–08:00",
      { ...chosen("07:00"), requiredJobNames: ["before"] },
    ],
    [
      "a chosen interval may start between two boundaries, and ends at the next one",
      until("10:00"),
      "11:00",
      "07:10–08:00",
      chosen("07:10"),
    ],
    ["a chosen interval ends now at the latest", null, "10:30", "10:00–10:30", chosen("10:00")],
    [
      "a chosen interval ends a start buffer before now at the latest",
      null,
      "10:30",
      "10:00–10:20",
      { ...chosen("10:00"), startBuffer: 10 * MINUTE },
    ],
    ["a chosen interval isn't due before it starts", null, "09:59", "not due until 10:00:00.001", chosen("10:00")],
    [
      "a chosen interval isn't due before its start buffer has passed",
      null,
      "10:09:59.999",
      "not due until 10:10:00.001",
      { ...chosen("10:00"), startBuffer: 10 * MINUTE },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(inWords(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("a refusal has the instant at which a start may succeed", () => {
  const exact = fc.oneof(
    fc.integer({ min: 0, max: 40 * 24 * HOUR }),
    fc.record({ hours: fc.nat(100), minutes: fc.nat(100), seconds: fc.nat(100) }),
  );

  /** Decides at the end of the last finished interval, at the `dueAt` of that refusal, and a millisecond before it. */
  async function decideAround(finishedUntil: Instant, requested: Requested) {
    const state = job({ finishedUntil: toIso(finishedUntil) });
    const first = await decideOn(requested, state, finishedUntil);
    if (first.started || first.reason !== "not-due" || first.dueAt === null)
      throw new Error("Expected a refusal with dueAt");
    const { dueAt } = first;
    return {
      before: inWords(await decideOn(requested, state, dueAt - 1)),
      dueAt,
      atDueAt: inWords(await decideOn(requested, state, dueAt)),
    };
  }

  test("and not a millisecond before", async () => {
    await fc.assert(
      fc.asyncProperty(
        zoneAndInstant,
        anyInterval,
        fc.oneof(exact, duration),
        async (where, jobInterval, startBuffer) => {
          const requested = { jobInterval, startBuffer, timezone: where.zone };
          const { before, dueAt, atDueAt } = await decideAround(where.instant, requested);
          expect(before).toBe(`not due until ${shown(dueAt)}`);
          expect(atDueAt).toContain("–");
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    // A month later is 28 February, and a month before that 28 January: too early.
    ["2026-01-31T00:00:00.000Z", { months: 1 }, "UTC"],
    ["2026-03-08T02:30:00.000-05:00", { days: 1 }, "America/New_York"],
    ["2011-12-29T12:00:00.000-10:00", { days: 1 }, "Pacific/Apia"],
  ])("after %s, with a start buffer of %j in %s", async (end, startBuffer, timezone) => {
    const { atDueAt } = await decideAround(Date.parse(end) - HOUR, { jobInterval: HOUR, startBuffer, timezone });
    expect(atDueAt).toContain("–");
  });

  test("and when an active lock may be taken over", async () => {
    await fc.assert(
      fc.asyncProperty(zoneAndInstant, fc.oneof(exact, duration), async ({ zone, instant: end }, retryInterval) => {
        const active = lock("09:00", "10:00", {
          intervalStartedAt: toIso(end - HOUR),
          intervalEndedAt: toIso(end),
          updatedAt: toIso(end),
        });
        const requested = { jobInterval: HOUR, retryInterval, timezone: zone };
        const state = job({ finishedUntil: toIso(end - HOUR), active });
        const first = await decideOn(requested, state, end - 1);
        if (first.started || first.reason !== "active" || first.retryAt === null)
          throw new Error("Expected a refusal with retryAt");
        expect(inWords(await decideOn(requested, state, first.retryAt))).toBe(`${shown(end - HOUR)}–${shown(end)}`);
      }),
      { numRuns: 150 },
    );
  });
});
