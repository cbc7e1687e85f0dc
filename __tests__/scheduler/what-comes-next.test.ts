import { describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { JobState, RecordedSchedule } from "../../src/scheduler/state-document.ts";
import { whatComesNext } from "../../src/scheduler/what-comes-next.ts";
import { at, ended, job, lock } from "../../testing/states/states-by-time-of-day.ts";

const instant = (time: string) => Date.parse(at(time));
const NOW = instant("11:30");
const HOURLY: RecordedSchedule = { jobInterval: "0 * * * *", timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
const UNKNOWN = { dueAt: null, behind: null, overdue: null, failing: false, waitingFor: null };

const nextOf = (state: JobState, required: Record<string, JobState | null> | null = {}) =>
  whatComesNext({ state, required: required && new Map(Object.entries(required)), now: NOW });

describe("what comes next", () => {
  test.each<[string, Partial<JobState>, object]>([
    ["not due yet", { finishedUntil: at("11:00") }, { dueAt: instant("12:00"), behind: 0, overdue: false }],
    ["due", { finishedUntil: at("10:00") }, { dueAt: instant("11:00"), behind: 0, overdue: false }],
    ["overdue", { finishedUntil: at("08:00") }, { dueAt: instant("09:00"), behind: 2, overdue: true }],
    [
      "due after a start buffer",
      { finishedUntil: at("10:00"), schedule: { ...HOURLY, startBuffer: { hours: 1 } } },
      { dueAt: instant("12:00"), behind: 0, overdue: false },
    ],
    [
      "the first interval, as it was begun",
      { begun: { intervalStartedAt: at("08:10"), intervalEndedAt: at("08:40") } },
      { dueAt: instant("08:40"), behind: 3, overdue: true },
    ],
    [
      "the same while a lock is active",
      { finishedUntil: at("08:00"), active: lock("08:00", "09:00") },
      { dueAt: instant("09:00"), behind: 2, overdue: true },
    ],
    [
      "counted up to 1,000 intervals",
      { finishedUntil: at("08:00"), schedule: { ...HOURLY, jobInterval: 1 } },
      { behind: 1000 },
    ],
  ])("is %s", async (_, state, expected) => {
    expect(await nextOf(job({ schedule: HOURLY, ...state }))).toMatchObject({ ...expected, waitingFor: [] });
  });

  test.each<[string, JobState]>([
    ["a schedule", job({ finishedUntil: at("08:00") })],
    ["any interval", job({ schedule: HOURLY })],
    [
      "a schedule that this version understands",
      job({ finishedUntil: at("08:00"), schedule: { ...HOURLY, jobInterval: { moons: 1 } as object } }),
    ],
  ])("is unknown without %s", async (_, state) => {
    expect(await nextOf(state)).toEqual(UNKNOWN);
  });
});

test.each([
  [["finished", "interrupted"], false],
  [["interrupted", "finished"], true],
  [["taken-over", "finished"], true],
  [["lost", "interrupted"], false],
  [[], false],
])("runs that ended as %j, newest first: failing is %s", async (outcomes, failing) => {
  expect(await nextOf(job({ history: outcomes.map((outcome) => ended({ outcome })) }))).toMatchObject({ failing });
});

describe("required jobs", () => {
  const state = job({
    finishedUntil: at("10:00"),
    schedule: { ...HOURLY, jobInterval: HOUR, requiredJobNames: ["a", "b", "c"] },
  });
  const until = (time: string, requiredJobNames: string[] = []) =>
    job({ finishedUntil: at(time), schedule: { ...HOURLY, requiredJobNames } });

  test("are waited for if they have not got to the end of the next interval", async () => {
    expect(await nextOf(state, { a: until("11:00"), b: until("10:30", ["report"]), c: null })).toMatchObject({
      waitingFor: [
        { jobName: "b", finishedUntil: instant("10:30"), neededUntil: instant("11:00"), mutual: true },
        { jobName: "c", finishedUntil: null, neededUntil: null, mutual: false },
      ],
    });
  });

  test("are not waited for before the next interval is due", async () => {
    expect(await nextOf({ ...state, finishedUntil: at("11:00") }, {})).toMatchObject({ waitingFor: [] });
  });

  test("do not count in how far the job is behind", async () => {
    expect(await nextOf({ ...state, finishedUntil: at("08:00") }, {})).toMatchObject({ behind: 2, overdue: true });
  });

  test("whose states were not read leave unknown which ones are waited for", async () => {
    expect(await nextOf(state, null)).toMatchObject({ dueAt: instant("11:00"), waitingFor: null });
  });
});
