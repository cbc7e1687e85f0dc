import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import {
  begun,
  type Case,
  decideOn,
  held,
  heldFirst,
  instant,
  inWords,
  type Requested,
  shown,
  until,
} from "../../testing/decisions/decided.ts";
import { anyInterval, duration, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { job, lock } from "../../testing/states/states-by-time-of-day.ts";

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
