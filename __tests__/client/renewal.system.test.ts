import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { CronyxClient } from "../../src/client/client.ts";
import type { Job, JobStartOptions } from "../../src/client/index.ts";
import { DAY, HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { ManualTimers } from "../../testing/clock/manual-timers.ts";
import { type ServedRepository, serveRepository } from "../../testing/git/served-repository.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { NOON, type RunningServer, runServer } from "../../testing/servers/running-server.ts";

let served: ServedRepository;
let server: RunningServer;
let now: number;
let jobs = 0;
let hourly: JobStartOptions;

beforeAll(async () => {
  served = await serveRepository();
  server = await runServer();
});

afterAll(async () => {
  await served.close();
  await server.close();
});

beforeEach(() => {
  setTime(NOON);
  served.now = () => now;
  hourly = { jobName: `report ${++jobs}`, jobInterval: "1 hour", retryInterval: "30 minutes" };
});

afterEach(() => {
  served.fault = () => undefined;
});

function setTime(instant: number): void {
  now = instant;
  server.clock.now = instant;
}

/** A client in a process of its own, as far as time goes: its timers fire only when the test moves them. */
function clientIn(url: string, job: string) {
  const timers = new ManualTimers();
  const warnings: string[] = [];
  const surroundings = { now: () => now, timers, warn: (message: string) => warnings.push(message) };
  return { timers, warnings, client: new CronyxClient({ url, holder: { job } }, surroundings) };
}

describe.each([
  ["a repository", () => `git+${served.url}`],
  ["a server", () => server.url],
])("in %s", (_, url) => {
  test("a task that was paused beyond its retry interval gets the signal, and its finish is lock-lost", async () => {
    const paused = clientIn(url(), "paused");
    const other = clientIn(url(), "other");
    let taken: Job | null = null;
    let reason: unknown;
    const exec = paused.client.requestJobExec(hourly, async (_, signal) => {
      // The process of this task is stopped: its timers do not fire, and time passes.
      setTime(NOON + 31 * MINUTE);
      taken = await other.client.requestJobStart(hourly);
      expect(taken?.takenOver).toEqual({ holder: { job: "paused" }, since: new Date(NOON) });

      const lost = once(signal, "abort");
      await paused.timers.advance(10 * MINUTE);
      await lost;
      reason = signal.reason;
    });
    const lost = {
      name: "CronyxClientError",
      code: "lock-lost",
      message: expect.stringContaining("job other took it over"),
    };
    await expect(exec).rejects.toMatchObject({ ...lost, cause: { loss: { ending: "taken-over" } } });
    expect(reason).toMatchObject(lost);

    // The run that took the lock over is not disturbed.
    const finisher = taken as Job | null;
    await finisher?.finish();
    expect(await paused.client.startJob(hourly)).toMatchObject({ reason: "not-due", dueAt: new Date(NOON + HOUR) });
    await Promise.all([paused.client.close(), other.client.close()]);
  });

  test("a task that runs longer than its retry interval keeps the lock", async () => {
    const long = clientIn(url(), "long");
    const other = clientIn(url(), "other");
    await long.client.requestJobExec(hourly, async (job, signal) => {
      for (let minutes = 10; minutes <= 60; minutes += 10) {
        setTime(NOON + minutes * MINUTE);
        await long.timers.advance(10 * MINUTE);
        // The answer comes over a connection, not by a timer.
        while (job.updatedAt.getTime() < now) await nextTurn();
      }
      expect(await other.client.startJob(hourly)).toMatchObject({
        reason: "active",
        id: job.id,
        holder: { job: "long" },
        since: new Date(NOON),
        updatedAt: new Date(NOON + HOUR),
        retryAt: new Date(NOON + 90 * MINUTE),
      });
      expect(signal.aborted).toBe(false);
    });
    expect(await other.client.startJob(hourly)).toMatchObject({ started: true, job: { behind: 0 } });
    await Promise.all([long.client.close(), other.client.close()]);
  });

  test("a lock whose holder is known to be dead is taken over at once, unless it was renewed since", async () => {
    const { client } = clientIn(url(), "any");
    const dead = await client.requestJobStart(hourly);
    const seen = await client.startJob(hourly);
    if (seen.started || seen.reason !== "active") throw new Error("It is not active");
    const { id, updatedAt } = seen;
    if (id === null || updatedAt === null) throw new Error("The refusal names no lock");
    setTime(NOON + MINUTE);
    await dead?.renew();
    expect(await client.startJob({ ...hourly, takeOver: { id, updatedAt } })).toMatchObject({ reason: "active" });
    const taken = await client.requestJobStart({ ...hourly, takeOver: { id, updatedAt: new Date(now) } });
    expect(taken?.intervalStartedAt).toEqual(new Date(NOON - HOUR));
    await client.close();
  });

  test("intervals are skipped and chosen by policies, and an interrupted lock is resumed", async () => {
    const { client } = clientIn(url(), "any");
    const first = await client.requestJobStart({ ...hourly, startsAt: new Date(NOON - 5 * HOUR) });
    expect([first?.intervalStartedAt, first?.behind]).toEqual([new Date(NOON - 5 * HOUR), 4]);
    const id = first?.id ?? "";
    await first?.interrupt();
    const resumed = await client.resumeJob({ jobName: hourly.jobName, id });
    expect(resumed.intervalStartedAt).toEqual(new Date(NOON - 5 * HOUR));
    await expect(client.skip({ jobName: hourly.jobName, until: new Date(NOON) })).rejects.toMatchObject({
      code: "job-active",
      message: expect.stringContaining("it is held by job any"),
    });
    await resumed.finish();
    await client.skip({ jobName: hourly.jobName, until: new Date(NOON - 3 * HOUR) });
    const latest = await client.requestJobStart({ ...hourly, catchUp: "latest" });
    expect(latest?.skipped).toEqual({ from: new Date(NOON - 3 * HOUR), until: new Date(NOON - HOUR) });
    await expect(client.resumeJob({ jobName: hourly.jobName, id })).rejects.toMatchObject({ code: "lock-lost" });
    await client.close();
  });
});

test("a server gets schedules and waits in the forms that an original server takes", async () => {
  const original = await new OriginalServer().listen();
  const { client, timers, warnings } = clientIn(original.url, "any");
  const start = { jobInterval: "90 minutes", startBuffer: "PT1H", retryInterval: "1 month 1 week" };
  await client.requestJobExec({ ...start, jobName: "durations" }, async (_, signal) => {
    await timers.advance(13 * DAY);
    // The answer comes over a connection, not by a timer.
    while (warnings.length === 0) await nextTurn();
    await timers.advance(90 * DAY);
    expect(signal.aborted).toBe(false);
  });
  await client.requestJobStart({ jobName: "milliseconds", jobInterval: "3600000", startBuffer: "5000" });
  await client.requestJobStart({ jobName: "cron", jobInterval: "@daily" });
  const starts = original.requests.filter(({ method }) => method === "POST");
  expect(starts.map(({ body }) => JSON.parse(body))).toEqual([
    { jobInterval: { minutes: 90 }, startBuffer: { hours: 1 }, retryInterval: { months: 1, weeks: 1 } },
    { jobInterval: 3_600_000, startBuffer: 5_000 },
    { jobInterval: "@daily" },
  ]);
  expect(warnings).toEqual([expect.stringContaining("original CronyxServer")]);
  await client.close();
  await original.close();
});
