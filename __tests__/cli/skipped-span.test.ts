import { expect, test } from "@jest/globals";
import { JobActiveError, LockLostError } from "../../src/backend/job-backend.ts";
import { commandMessage } from "../../src/cli/remedies.ts";
import { skippedSpan } from "../../src/cli/skipped-span.ts";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { type JobState, newJobState } from "../../src/scheduler/state-document.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const schedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
const finished: JobState = { ...newJobState("report"), finishedUntil: toIso(NOON), schedule };
const begun: JobState = {
  ...newJobState("report"),
  begun: { intervalStartedAt: toIso(NOON), intervalEndedAt: toIso(NOON + 20 * MINUTE) },
  schedule,
};

test.each([
  ["one interval", finished, NOON + HOUR, { whole: 1, hasPart: false }],
  ["several intervals", finished, NOON + 3 * HOUR, { whole: 3, hasPart: false }],
  ["a part of an interval", finished, NOON + MINUTE, { whole: 0, hasPart: true }],
  ["intervals and a part of the next", finished, NOON + 2 * HOUR + MINUTE, { whole: 2, hasPart: true }],
  ["more intervals than are counted", finished, NOON + 5_000 * HOUR, { whole: 1_000, hasPart: false }],
  ["a first interval, which may be shorter", begun, NOON + 20 * MINUTE, { whole: 1, hasPart: false }],
  ["a job without a recorded schedule", { ...newJobState("report"), finishedUntil: toIso(NOON) }, NOON + HOUR, null],
])("a skip over %s", async (_, state, until, count) => {
  expect(await skippedSpan(state, until)).toEqual({ from: NOON, count });
});

test.each([
  ["a job that never began", newJobState("report"), NOON],
  ["an instant that the job has reached", finished, NOON],
])("a skip of %s leaves nothing out", async (_, state, until) => {
  expect(await skippedSpan(state, until)).toBeNull();
});

test("a lock that is active, and one that was lost, are reported with a way out", () => {
  const active = new JobActiveError("report", { holder: { job: "nightly" }, since: NOON });
  expect(commandMessage(active)).toBe(
    'The job "report" is held, so its intervals cannot be skipped: it is held by job nightly since 2026-11-24T12:00:00.000Z; wait for that run, or free the lock with release',
  );
  const lock = { jobName: "report", id: "7b1f", record: null };
  expect(commandMessage(new LockLostError(lock, { ending: "taken-over", at: NOON, holder: { job: "other" } }))).toBe(
    'The lock 7b1f of the job "report" is no longer active: job other took it over; run status to see the job now',
  );
});
