import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Decision, decide } from "../../src/scheduler/decide.ts";
import { HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { prepareStart, type StartRequest } from "../../src/scheduler/start-request.ts";
import { anyInterval, duration, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { at, DAY_OF_TESTS, job, lock } from "../../testing/states/states-by-time-of-day.ts";

type Requested = Partial<StartRequest>;

/** Every hour on the hour, unless the story has it otherwise. */
async function decideOn(requested: Requested, state: JobState | null, now: Instant, required = {}): Promise<Decision> {
  const prepared = await prepareStart({ jobName: "report", jobInterval: "0 * * * *", ...requested });
  return decide(prepared, state, new Map(Object.entries(required)), now);
}

/** A time of the day that the stories play on; with the date where it is another day. */
function shown(instant: Instant): string {
  return toIso(instant)
    .replace(`${DAY_OF_TESTS}T`, "")
    .replace(/(:00)?(\.000)?Z$/, "");
}

function told(decision: Decision): string {
  if (decision.granted) return `${shown(decision.intervalStartedAt)}–${shown(decision.intervalEndedAt)}`;
  switch (decision.reason) {
    case "active":
      return `active: ${decision.lock.id}, ${decision.retryAt === null ? "for good" : `until ${shown(decision.retryAt)}`}`;
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

type Story = [story: string, state: JobState | null, now: string, outcome: string, requested?: Requested];

describe("the first interval", () => {
  test.each<Story>([
    ["runs from the previous cron instant to now", null, "10:30", "10:00–10:30"],
    ["runs for a whole one at a cron instant", null, "10:00", "09:00–10:00"],
    ["runs for as long as it is until now", null, "10:30", "10:10–10:30", { jobInterval: 20 * MINUTE }],
    ["may be a duration", null, "10:30", "08:15–10:30", { jobInterval: { hours: 2, minutes: 15 } }],
    ["ends where the buffer begins", null, "10:30", "10:00–10:20", { startBuffer: 10 * MINUTE }],
    ["isn't due while it is all buffer", null, "10:05", "not due", { startBuffer: 10 * MINUTE }],
    ["isn't due when that leaves nothing of it", null, "10:10", "not due", { startBuffer: 10 * MINUTE }],
    ["is as long as what is left", null, "10:10:00.001", "10:00–10:00:00.001", { startBuffer: 10 * MINUTE }],
    ["is the first again after an interrupt", job(), "10:30", "10:00–10:30"],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(told(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("a later interval", () => {
  test.each<Story>([
    ["starts where the last one ended, when it is over", until("10:00"), "11:00", "10:00–11:00"],
    ["isn't due a millisecond before", until("10:00"), "10:59:59.999", "not due until 11:00"],
    ["is a whole one however late it starts", until("10:00"), "11:59", "10:00–11:00"],
    ["is the oldest, where several were missed", until("07:00"), "11:30", "07:00–08:00"],
    ["waits for the buffer", until("10:00"), "11:04:59.999", "not due until 11:05", { startBuffer: 5 * MINUTE }],
    ["is whole after the buffer", until("10:00"), "11:05", "10:00–11:00", { startBuffer: { minutes: 5 } }],
    ["follows a changed interval: now hourly", until("10:20"), "11:00", "10:20–11:00"],
    [
      "follows a changed interval: now longer",
      until("10:00"),
      "11:00",
      "not due until 14:00",
      { jobInterval: 4 * HOUR },
    ],
    ["follows a changed interval: now shorter", until("10:00"), "11:00", "10:00–10:10", { jobInterval: 10 * MINUTE }],
    ["isn't due where the clock is behind", until("10:00"), "09:00", "not due until 11:00"],
    ["comes again after an interrupt", until("09:00"), "10:30", "09:00–10:00"],
    [
      "follows the zone's calendar",
      job({ finishedUntil: "2026-03-04T05:00:00.000Z" }),
      "12:00",
      "not due until 2026-03-05T05:00",
      { jobInterval: { days: 1 }, timezone: "America/New_York" },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(told(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("an active lock", () => {
  const retry = { retryInterval: 15 * MINUTE };
  test.each<Story>([
    ["is held for good without retry interval", held("09:00", "10:00"), "23:00", "active: lock-1, for good"],
    [
      "is held until the retry interval has passed",
      held("09:00", "10:00"),
      "10:14:59.999",
      "active: lock-1, until 10:15",
      retry,
    ],
    ["is taken over from then on", held("09:00", "10:00"), "10:15", "09:00–10:00", retry],
    ["is held since its last update", held("09:00", "10:00", "10:10"), "10:24", "active: lock-1, until 10:25", retry],
    [
      "is taken over at once with a retry interval of 0",
      held("09:00", "10:00"),
      "10:00",
      "09:00–10:00",
      { retryInterval: 0 },
    ],
    [
      "isn't taken over before its update",
      held("09:00", "10:00"),
      "09:59",
      "active: lock-1, until 10:00",
      { retryInterval: 0 },
    ],
    ["may be the first: a takeover is the first again", heldFirst("08:00", "08:20"), "08:50", "08:00–08:50", retry],
    ["may be the first: a takeover of it ends in time", heldFirst("08:00", "08:20"), "10:30", "08:00–09:00", retry],
    [
      "may be the first: and all buffer",
      heldFirst("08:00", "08:20"),
      "09:00",
      "not due",
      { ...retry, startBuffer: HOUR },
    ],
    [
      "is told of before what isn't due",
      held("09:00", "10:00"),
      "10:05",
      "active: lock-1, for good",
      { jobInterval: 4 * HOUR },
    ],
    [
      "is taken over for a shorter interval",
      held("09:00", "10:00"),
      "10:30",
      "09:00–09:10",
      { ...retry, jobInterval: 10 * MINUTE },
    ],
    [
      "isn't due yet for a longer one",
      held("09:00", "10:00"),
      "10:30",
      "not due until 13:00",
      { ...retry, jobInterval: 4 * HOUR },
    ],
    [
      "stops a start without lock as well",
      held("09:00", "10:00"),
      "11:00",
      "active: lock-1, for good",
      { noLock: true },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(told(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("required jobs", () => {
  const both: Requested = { requiredJobNames: ["before", "beside"] };
  test.each<[string, Record<string, JobState | null>, string]>([
    ["that finished up to its end let it start", { before: until("11:00"), beside: until("11:00") }, "10:00–11:00"],
    ["that are further let it start", { before: until("12:00"), beside: until("23:00") }, "10:00–11:00"],
    ["that are behind don't", { before: until("10:59"), beside: until("11:00") }, "before is at 10:59, not 11:00"],
    ["all count", { before: until("11:00"), beside: until("10:00") }, "beside is at 10:00, not 11:00"],
    ["that never started don't", { before: until("11:00"), beside: null }, "beside is at nothing, not 11:00"],
    ["that aren't known don't", { before: until("11:00") }, "beside is at nothing, not 11:00"],
    ["whose first was interrupted don't", { before: job(), beside: until("11:00") }, "before is at nothing, not 11:00"],
    [
      "that are active have finished what was before",
      { before: held("11:00", "12:00"), beside: until("11:00") },
      "10:00–11:00",
    ],
    [
      "that are active haven't finished yet",
      { before: held("10:00", "11:00"), beside: until("11:00") },
      "before is at 10:00, not 11:00",
    ],
    [
      "in their first interval are at its start",
      { before: heldFirst("10:00", "11:00"), beside: until("11:00") },
      "before is at 10:00, not 11:00",
    ],
  ])("%s", async (_, required, outcome) => {
    expect(told(await decideOn(both, until("10:00"), instant("11:00"), required))).toBe(outcome);
  });

  test("count up to the end that a first interval has", async () => {
    expect(told(await decideOn(both, null, instant("10:30"), { before: until("10:30"), beside: until("10:29") }))).toBe(
      "beside is at 10:29, not 10:30",
    );
  });

  test("let a first interval start that a buffer as long as theirs keeps away from now", async () => {
    const daily: Requested = { jobInterval: "@daily", requiredJobNames: ["hourly"] };
    const hourly = { hourly: until("10:00") };
    expect(told(await decideOn(daily, null, instant("10:20"), hourly))).toBe("hourly is at 10:00, not 10:20");
    expect(told(await decideOn({ ...daily, startBuffer: HOUR }, null, instant("10:20"), hourly))).toBe("00:00–09:20");
  });

  test("aren't asked while the interval isn't due", async () => {
    expect(told(await decideOn(both, until("10:00"), instant("10:30")))).toBe("not due until 11:00");
  });
});

describe("without lock", () => {
  const noLock = true;
  const chosen = (time: string): Requested => ({ noLock, jobIntervalStartedAt: instant(time) });
  test.each<Story>([
    ["the interval is the same as with one", until("10:00"), "11:00", "10:00–11:00", { noLock }],
    ["and due at the same time", until("10:00"), "10:30", "not due until 11:00", { noLock }],
    [
      "a chosen interval is granted whatever the job's state",
      held("09:00", "10:00"),
      "11:00",
      "07:00–08:00",
      chosen("07:00"),
    ],
    [
      "a chosen interval is granted though others are required",
      null,
      "11:00",
      "07:00–08:00",
      { ...chosen("07:00"), requiredJobNames: ["before"] },
    ],
    ["a chosen interval starts anywhere", until("10:00"), "11:00", "07:10–08:00", chosen("07:10")],
    ["a chosen interval ends now at the latest", null, "10:30", "10:00–10:30", chosen("10:00")],
    [
      "a chosen interval ends where the buffer begins",
      null,
      "10:30",
      "10:00–10:20",
      { ...chosen("10:00"), startBuffer: 10 * MINUTE },
    ],
    ["a chosen interval isn't due before it starts", null, "09:59", "not due until 10:00", chosen("10:00")],
    [
      "a chosen interval waits for the buffer",
      null,
      "10:09:59.999",
      "not due until 10:10",
      { ...chosen("10:00"), startBuffer: 10 * MINUTE },
    ],
  ])("%s", async (_, state, now, outcome, requested = {}) => {
    expect(told(await decideOn(requested, state, instant(now)))).toBe(outcome);
  });
});

describe("an interval that isn't due is due when it says", () => {
  const exact = fc.oneof(
    fc.integer({ min: 0, max: 40 * 24 * HOUR }),
    fc.record({ hours: fc.nat(100), minutes: fc.nat(100), seconds: fc.nat(100) }),
  );

  /** Asks at the end of the last finished interval, and again when it is told to. */
  async function askTwice(finishedUntil: Instant, requested: Requested) {
    const state = job({ finishedUntil: toIso(finishedUntil) });
    const first = await decideOn(requested, state, finishedUntil);
    if (first.granted || first.reason !== "not-due" || first.dueAt === null) throw new Error("It is due, or never");
    const { dueAt } = first;
    return {
      before: told(await decideOn(requested, state, dueAt - 1)),
      dueAt,
      atDueAt: told(await decideOn(requested, state, dueAt)),
    };
  }

  test("and not a millisecond before, with a buffer of elapsed time", async () => {
    await fc.assert(
      fc.asyncProperty(zoneAndInstant, anyInterval, exact, async (where, jobInterval, startBuffer) => {
        const requested = { jobInterval, startBuffer, timezone: where.zone };
        const { before, dueAt, atDueAt } = await askTwice(where.instant, requested);
        expect(before).toBe(`not due until ${shown(dueAt)}`);
        expect(atDueAt).toContain("–");
      }),
      { numRuns: 300 },
    );
  });

  test("with a buffer on the calendar", async () => {
    await fc.assert(
      fc.asyncProperty(zoneAndInstant, anyInterval, duration, async (where, jobInterval, startBuffer) => {
        const { atDueAt } = await askTwice(where.instant, { jobInterval, startBuffer, timezone: where.zone });
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
  ])("after %s with a buffer of %j in %s", async (end, startBuffer, timezone) => {
    const { atDueAt } = await askTwice(Date.parse(end) - HOUR, { jobInterval: HOUR, startBuffer, timezone });
    expect(atDueAt).toContain("–");
  });

  test("and an active lock can be taken over when it says", async () => {
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
        if (first.granted || first.reason !== "active" || first.retryAt === null)
          throw new Error("It is free, or never");
        expect(told(await decideOn(requested, state, first.retryAt))).toBe(`${shown(end - HOUR)}–${shown(end)}`);
      }),
      { numRuns: 300 },
    );
  });
});
