import { describe, expect, test } from "@jest/globals";
import { HOUR, type Instant, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { Condition } from "../../../src/scheduler/job-condition.ts";
import type { Ending, JobState, RecordedSchedule } from "../../../src/scheduler/state-document.ts";
import { whatComesNext } from "../../../src/scheduler/what-comes-next.ts";
import { conditionOf, conditionOfStatus, type JobSummary, summaryOf } from "../../../src/server/jobs/job-summary.ts";
import { ScheduleCache } from "../../../src/server/jobs/schedule-cache.ts";
import { HOURLY, lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const begun = { intervalStartedAt: toIso(NOON - HOUR), intervalEndedAt: toIso(NOON) };

async function summarized(job: JobState): Promise<JobSummary> {
  return summaryOf(job, await new ScheduleCache().prepare(job.schedule));
}

/** The condition by the summary. The status must have the same one: the overview sorts by the summary and shows the status. */
async function conditionAt(job: JobState, now: Instant, others: readonly JobState[] = []): Promise<Condition> {
  const summaries = await Promise.all([job, ...others].map(summarized));
  const all = new Map(summaries.map((summary) => [summary.name, summary]));
  const condition = conditionOf(await summarized(job), all, now);
  const required = new Map(others.map((other) => [other.name, other]));
  const next = await whatComesNext({ state: job, required, now });
  expect(conditionOfStatus({ state: job, next })).toBe(condition);
  return condition;
}

test.each<[what: string, state: Partial<JobState>, at: Instant | null]>([
  ["was never granted anything", {}, null],
  ["has no recorded schedule", { finishedUntil: toIso(NOON), history: [run(NOON)] }, null],
  ["has a schedule of a newer version", { finishedUntil: toIso(NOON), schedule: scheduleOf("by tides") }, null],
  ["finished an hour", { finishedUntil: toIso(NOON), schedule: HOURLY }, NOON + 2 * HOUR],
  [
    "finished an hour, with a buffer",
    { finishedUntil: toIso(NOON), schedule: scheduleOf(HOUR, MINUTE) },
    NOON + 2 * HOUR + MINUTE,
  ],
  ["runs its next hour", { finishedUntil: toIso(NOON), schedule: HOURLY, active: lock(NOON + HOUR) }, NOON + 2 * HOUR],
  ["runs its first hour", { begun, schedule: HOURLY, active: lock(NOON) }, NOON + HOUR],
  [
    "finished an hour, and has a daily schedule since",
    { finishedUntil: toIso(NOON), schedule: scheduleOf("0 0 * * *") },
    NOON + 36 * HOUR,
  ],
])("a job that %s", async (_, more, at) => {
  expect((await summarized(state("report", more))).overdueAt).toBe(at);
});

test("a job becomes overdue at that instant, whether it is running or not", async () => {
  const free = state("report", { finishedUntil: toIso(NOON), schedule: HOURLY });
  const running = { ...free, active: lock(NOON + HOUR) };
  for (const [job, before] of [
    [free, "free"],
    [running, "running"],
  ] as const) {
    expect(await conditionAt(job, NOON + 2 * HOUR - 1)).toBe(before);
    expect(await conditionAt(job, NOON + 2 * HOUR)).toBe("overdue");
  }
});

test.each<[Ending, Condition]>([
  ["finished", "overdue"],
  ["interrupted", "failing"],
  ["taken-over", "failing"],
])("a job whose newest run ended as %s is %s, although it is also overdue and running", async (outcome, condition) => {
  const history = [run(NOON, { outcome }), run(NOON - HOUR, { outcome: "interrupted" })];
  const job = state("report", { finishedUntil: toIso(NOON), schedule: HOURLY, history, active: lock(NOON + HOUR) });
  expect(await conditionAt(job, NOON + 5 * HOUR)).toBe(condition);
});

describe("a job whose next interval is due", () => {
  const orders = (finishedUntil: Instant | null) =>
    state("orders", { finishedUntil: finishedUntil === null ? null : toIso(finishedUntil), schedule: HOURLY });
  const job = state("report", {
    finishedUntil: toIso(NOON),
    schedule: { ...HOURLY, startBuffer: MINUTE, requiredJobNames: ["orders"] },
  });

  test.each<[what: string, others: readonly JobState[], condition: Condition]>([
    ["waits for a required job that has not got to its end", [orders(NOON + HOUR - 1)], "waiting"],
    ["waits for a required job that has finished nothing", [orders(null)], "waiting"],
    ["waits for a required job that was never started", [], "waiting"],
    ["is free once the required job has got there", [orders(NOON + HOUR)], "free"],
  ])("%s", async (_, others, condition) => {
    expect(await conditionAt(job, NOON + HOUR + MINUTE, others)).toBe(condition);
  });

  test("waits from the instant on at which it is due, after its start buffer", async () => {
    expect(await conditionAt(job, NOON + HOUR + MINUTE - 1, [orders(NOON)])).toBe("free");
  });

  test("is running and not waiting while it has an active lock", async () => {
    const running = { ...job, active: lock(NOON + HOUR) };
    expect(await conditionAt(running, NOON + HOUR + MINUTE, [orders(NOON)])).toBe("running");
  });
});

function scheduleOf(jobInterval: number | string, startBuffer = 0): RecordedSchedule {
  return { ...HOURLY, jobInterval, startBuffer };
}
