import { expect, test } from "@jest/globals";
import { DAY, HOUR, type Instant, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { conditionOf, overdueFrom, summaryOf } from "../../../src/server/jobs/job-summary.ts";
import { lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const until = (instant: Instant) => toIso(instant);

test.each<[what: string, state: Partial<JobState>, from: Instant | null]>([
  ["was never granted anything", {}, null],
  [
    "was only ever given up or interrupted before its first end",
    { history: [run(NOON, { outcome: "interrupted" })] },
    null,
  ],
  ["finished an hour", { finishedUntil: until(NOON), history: [run(NOON)] }, NOON + 2 * HOUR],
  [
    "runs its next hour",
    { finishedUntil: until(NOON), active: lock(NOON + HOUR), history: [run(NOON)] },
    NOON + 2 * HOUR,
  ],
  ["runs its first hour", { active: lock(NOON) }, NOON + HOUR],
  [
    "was taken over in its first hour",
    { active: lock(NOON), history: [run(NOON, { outcome: "taken-over" })] },
    NOON + HOUR,
  ],
  [
    "has intervals of several lengths: the longest counts",
    { finishedUntil: until(NOON), history: [run(NOON), run(NOON - HOUR, { length: 3 * DAY }), run(NOON - 4 * DAY)] },
    NOON + 6 * DAY,
  ],
  [
    "runs one that is longer than all before",
    { finishedUntil: until(NOON), active: lock(NOON + 3 * DAY, 3 * DAY), history: [run(NOON)] },
    NOON + 6 * DAY,
  ],
  ["has lost its last runs, so that no length is known", { finishedUntil: until(NOON) }, null],
])("a job that %s", (_, more, from) => {
  expect(overdueFrom(state("report", more))).toBe(from);
});

test("overdue begins after that instant, whether the job is running or not", () => {
  const free = state("report", { finishedUntil: until(NOON), history: [run(NOON)] });
  const running = { ...free, active: lock(NOON + HOUR) };
  const at = (of: JobState, now: Instant) => conditionOf(summaryOf(of), now);
  expect([at(free, NOON + 2 * HOUR), at(free, NOON + 2 * HOUR + 1)]).toEqual(["free", "overdue"]);
  expect([at(running, NOON + 2 * HOUR), at(running, NOON + 2 * HOUR + 1)]).toEqual(["running", "overdue"]);
});

test("a job that is on time never is, however long its runs take within an interval", () => {
  for (let end = NOON; end < NOON + DAY; end += HOUR) {
    const waiting = state("report", { finishedUntil: until(end), history: [run(end)] });
    // The next interval ends an hour later, and its run ends just before the one after that is due.
    expect(conditionOf(summaryOf(waiting), end + 2 * HOUR - 1)).toBe("free");
  }
});
