import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Decision, decide } from "../../src/scheduler/decide.ts";
import { HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
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
      return `active: ${decision.holder?.runUrl}, ${decision.retryAt === null ? "forever" : `until ${shown(decision.retryAt)}`}`;
    case "not-due":
      return `not due${decision.dueAt === null ? "" : ` until ${shown(decision.dueAt)}`}`;
    case "required-job": {
      const { jobName, finishedUntil, neededUntil } = decision;
      return `${jobName} is at ${finishedUntil === null ? "nothing" : shown(finishedUntil)}, not ${shown(neededUntil)}`;
    }
  }
}

const instant = (time: string) => Date.parse(at(time));
const until = (time: string) => job({ finishedUntil: at(time) });
const held = (from: string, to: string, updatedAt = to) =>
  job({ finishedUntil: at(from), active: lock(from, to, { updatedAt: at(updatedAt) }) });
const heldFirst = (from: string, to: string) => job({ active: lock(from, to) });

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
      "isn't due when the start buffer reaches back before its start",
      null,
      "10:05",
      "not due",
      { startBuffer: 10 * MINUTE },
    ],
    [
      "isn't due when the start buffer reaches back to its start",
      null,
      "10:10",
      "not due",
      { startBuffer: 10 * MINUTE },
    ],
    [
      "is due from a millisecond of length on",
      null,
      "10:10:00.001",
      "10:00–10:00:00.001",
      { startBuffer: 10 * MINUTE },
    ],
    ["is decided on anew after an interrupt", job(), "10:30", "10:00–10:30"],
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
    [
      "is active forever without a retry interval",
      held("09:00", "10:00"),
      "23:00",
      "active: https://github.example/runs/1, forever",
    ],
    [
      "is active until the retry interval has passed",
      held("09:00", "10:00"),
      "10:14:59.999",
      "active: https://github.example/runs/1, until 10:15",
      retry,
    ],
    ["is taken over once the retry interval has passed", held("09:00", "10:00"), "10:15", "09:00–10:00", retry],
    [
      "is active for a retry interval since its last update",
      held("09:00", "10:00", "10:10"),
      "10:24",
      "active: https://github.example/runs/1, until 10:25",
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
      "active: https://github.example/runs/1, until 10:00",
      { retryInterval: 0 },
    ],
    [
      "of a first interval: a takeover keeps its start, and ends now",
      heldFirst("08:00", "08:20"),
      "08:50",
      "08:00–08:50",
      retry,
    ],
    [
      "of a first interval: a takeover ends at the schedule's next boundary",
      heldFirst("08:00", "08:20"),
      "10:30",
      "08:00–09:00",
      retry,
    ],
    [
      "of a first interval: a takeover isn't due when the start buffer leaves nothing of it",
      heldFirst("08:00", "08:20"),
      "09:00",
      "not due",
      { ...retry, startBuffer: HOUR },
    ],
    [
      "is the reason of the refusal even if the interval isn't due either",
      held("09:00", "10:00"),
      "10:05",
      "active: https://github.example/runs/1, forever",
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
      "active: https://github.example/runs/1, forever",
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
    ["that never started refuse it", { before: until("11:00"), beside: null }, "beside is at nothing, not 11:00"],
    ["without a state refuse it", { before: until("11:00") }, "beside is at nothing, not 11:00"],
    [
      "whose first run was interrupted refuse it",
      { before: job(), beside: until("11:00") },
      "before is at nothing, not 11:00",
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
      "in their first run have finished up to its start",
      { before: heldFirst("10:00", "11:00"), beside: until("11:00") },
      "before is at 10:00, not 11:00",
    ],
  ])("%s", async (_, required, outcome) => {
    expect(inWords(await decideOn(both, until("10:00"), instant("11:00"), required))).toBe(outcome);
  });

  test("must have finished up to the end of a shortened first interval", async () => {
    expect(
      inWords(await decideOn(both, null, instant("10:30"), { before: until("10:30"), beside: until("10:29") })),
    ).toBe("beside is at 10:29, not 10:30");
  });

  test("allow a first interval with a start buffer as long as their interval", async () => {
    const daily: Requested = { jobInterval: "@daily", requiredJobNames: ["hourly"] };
    const hourly = { hourly: until("10:00") };
    expect(inWords(await decideOn(daily, null, instant("10:20"), hourly))).toBe("hourly is at 10:00, not 10:20");
    expect(inWords(await decideOn({ ...daily, startBuffer: HOUR }, null, instant("10:20"), hourly))).toBe(
      "00:00–09:20",
    );
  });

  test("are not the reason of the refusal while the interval isn't due", async () => {
    expect(inWords(await decideOn(both, until("10:00"), instant("10:30")))).toBe("not due until 11:00");
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
    ["a chosen interval isn't due before it starts", null, "09:59", "not due until 10:00", chosen("10:00")],
    [
      "a chosen interval isn't due before its start buffer has passed",
      null,
      "10:09:59.999",
      "not due until 10:10",
      { ...chosen("10:00"), startBuffer: 10 * MINUTE },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(inWords(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("a refusal says when a start may succeed", () => {
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

  test("and not a millisecond before, with a start buffer of elapsed time", async () => {
    await fc.assert(
      fc.asyncProperty(zoneAndInstant, anyInterval, exact, async (where, jobInterval, startBuffer) => {
        const requested = { jobInterval, startBuffer, timezone: where.zone };
        const { before, dueAt, atDueAt } = await decideAround(where.instant, requested);
        expect(before).toBe(`not due until ${shown(dueAt)}`);
        expect(atDueAt).toContain("–");
      }),
      { numRuns: 300 },
    );
  });

  test("with a start buffer on the calendar", async () => {
    await fc.assert(
      fc.asyncProperty(zoneAndInstant, anyInterval, duration, async (where, jobInterval, startBuffer) => {
        const { atDueAt } = await decideAround(where.instant, { jobInterval, startBuffer, timezone: where.zone });
        expect(atDueAt).toContain("–");
      }),
      { numRuns: 300 },
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
      { numRuns: 300 },
    );
  });
});
