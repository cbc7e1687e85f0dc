import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { UNRESTRICTED } from "../../../src/server/auth/authentication.ts";
import { type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { HOURLY, lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

async function write(...states: JobState[]): Promise<void> {
  for (const one of states) await server.store.swap(null, one, deadlineIn(1000));
}
const gauges = async () =>
  (await server.metrics()).split("\n").filter((line) => /^cronyx_(?!starts|ends|request)/.test(line));
const jobGauges = async () => (await gauges()).filter((line) => line.startsWith("cronyx_job_"));

const LATE = state("late", { finishedUntil: toIso(NOON - 3 * HOUR), schedule: HOURLY });
const FAILED = state("failed", {
  finishedUntil: toIso(NOON),
  schedule: HOURLY,
  history: [run(NOON, { outcome: "interrupted" })],
});
const BROKEN = { ...state("broken"), active: {} } as unknown as JobState;

describe("the gauges of all jobs", () => {
  test("count overdue, failing, running and damaged jobs, and a job may be several of them", async () => {
    await write(
      LATE,
      FAILED,
      state("both", {
        finishedUntil: toIso(NOON - 3 * HOUR),
        schedule: HOURLY,
        history: [run(NOON, { outcome: "taken-over" })],
        active: lock(NOON),
      }),
      state("fine", { finishedUntil: toIso(NOON), schedule: HOURLY }),
      BROKEN,
    );
    expect(await gauges()).toEqual(
      expect.arrayContaining([
        "cronyx_active_locks 1",
        "cronyx_overdue_jobs 2",
        "cronyx_failing_jobs 2",
        "cronyx_damaged_jobs 1",
      ]),
    );
  });

  test("have the age of the oldest lock in seconds, whatever its renewals", async () => {
    expect(await gauges()).toContain("cronyx_oldest_lock_age_seconds 0");
    await write(
      state("old", { active: lock(NOON - 90 * MINUTE, HOUR, { updatedAt: toIso(NOON) }) }),
      state("new", { active: lock(NOON) }),
      state("free"),
    );
    server.clock.now += 30 * MINUTE;
    expect(await gauges()).toContain("cronyx_oldest_lock_age_seconds 7200");
  });

  test("hold no name of a job without METRICS_JOBS", async () => {
    await write(LATE, FAILED);
    expect(await server.metrics()).not.toContain("job_name=");
    expect(await jobGauges()).toEqual([]);
  });
});

describe("the gauges of the jobs of METRICS_JOBS", () => {
  const listing = async (...metricsJobs: string[]) => {
    await server.close();
    server = await runServer({ metricsJobs });
  };

  test("tell whether a job is overdue and failing, and how far it is behind", async () => {
    await listing("late", "failed");
    await write(LATE, FAILED, state("unlisted", { finishedUntil: toIso(NOON), schedule: HOURLY }));
    expect(await jobGauges()).toEqual([
      'cronyx_job_overdue{job_name="late"} 1',
      'cronyx_job_overdue{job_name="failed"} 0',
      'cronyx_job_failing{job_name="late"} 0',
      'cronyx_job_failing{job_name="failed"} 1',
      'cronyx_job_behind{job_name="late"} 2',
      'cronyx_job_behind{job_name="failed"} 0',
    ]);
    server.clock.now += HOUR;
    expect(await jobGauges()).toContain('cronyx_job_behind{job_name="late"} 3');
  });

  test("are NaN for a job that was never started, and a damaged one is failing", async () => {
    await listing("never", "broken");
    await write(BROKEN);
    expect(await jobGauges()).toEqual([
      'cronyx_job_overdue{job_name="never"} Nan',
      'cronyx_job_overdue{job_name="broken"} Nan',
      'cronyx_job_failing{job_name="never"} Nan',
      'cronyx_job_failing{job_name="broken"} 1',
      'cronyx_job_behind{job_name="never"} Nan',
      'cronyx_job_behind{job_name="broken"} Nan',
    ]);
  });

  test("escape a name", async () => {
    await listing('a"b\\c\nd');
    expect(await jobGauges()).toContain('cronyx_job_overdue{job_name="a\\"b\\\\c\\nd"} Nan');
  });

  test("are NaN while the store cannot be read", async () => {
    class FailingStore extends MemoryStore {
      override async read(): Promise<never> {
        throw new ServiceError("database-unreachable", { place: "The store", problem: "is away", effect: "none" });
      }
    }
    await server.close();
    server = await runServer({ store: new FailingStore(), metricsJobs: ["late"] });
    expect(await jobGauges()).toContain('cronyx_job_overdue{job_name="late"} Nan');
  });

  test("show a caller only the jobs that it may read", async () => {
    await server.close();
    server = await runServer({
      metricsJobs: ["late", "failed"],
      schemes: [
        {
          name: "Bearer",
          challenge: "Bearer",
          check: async () => ({ ...UNRESTRICTED, mayUse: (jobName: string) => jobName === "late" }),
        },
      ],
    });
    await write(LATE, FAILED);
    const { text } = await server.send("GET", "/metrics", { headers: { authorization: "Bearer token" } });
    expect(text).toContain('cronyx_job_overdue{job_name="late"} 1');
    expect(text).not.toContain('"failed"');
  });
});
