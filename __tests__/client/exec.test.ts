import { beforeEach, describe, expect, test } from "@jest/globals";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { CronyxClient } from "../../src/client/client.ts";
import type { CronyxClientOptions, Job, JobStartOptions } from "../../src/client/index.ts";
import type { Surroundings } from "../../src/client/surroundings.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { ManualTimers } from "../../testing/clock/manual-timers.ts";
import { withoutClock } from "../../testing/stores/clockless-store.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const hourly: JobStartOptions = { jobName: "report", jobInterval: HOUR, retryInterval: "30 minutes" };

let store: MemoryStore;
let timers: ManualTimers;
let warnings: string[];

beforeEach(() => {
  store = new MemoryStore();
  timers = new ManualTimers();
  warnings = [];
});

const now = () => NOON + timers.now;

/** Decides in this process over a store in memory, by the test's clock. */
function localBackend(): LocalBackend {
  return new LocalBackend({ store: withoutClock(store), now, monotonic: timers.monotonic, log: () => {} });
}

function clientOf(backend = localBackend(), options: Partial<CronyxClientOptions> = {}): CronyxClient {
  const surroundings: Partial<Surroundings> = {
    open: async () => backend,
    now,
    timers,
    warn: (message) => warnings.push(message),
  };
  return new CronyxClient({ url: "git+https://example.invalid/locks", ...options }, surroundings);
}

const stored = async () => (await store.read(["report"])).records.get("report")?.state;

describe("requestJobExec renews the lock while the task runs", () => {
  test("so that no other run takes it over, however long the task runs", async () => {
    await using client = clientOf();
    await client.requestJobExec(hourly, async (job, signal) => {
      await timers.advance(3 * HOUR);
      expect(job.updatedAt).toEqual(new Date(NOON + 3 * HOUR));
      expect(await client.startJob(hourly)).toMatchObject({ reason: "active", updatedAt: job.updatedAt });
      expect(signal.aborted).toBe(false);
    });
    expect(timers.pending).toBe(0);
    expect((await stored())?.history[0]).toMatchObject({ outcome: "finished" });
  });

  test("with a retry interval on the calendar too", async () => {
    await using client = clientOf();
    await client.requestJobExec({ ...hourly, retryInterval: "1 month 1 week" }, async (job, signal) => {
      await timers.advance(60 * 24 * HOUR);
      expect(job.updatedAt.getTime()).toBeGreaterThan(NOON + 30 * 24 * HOUR);
      expect(signal.aborted).toBe(false);
    });
  });

  test.each([
    ["without a retry interval", { retryInterval: undefined }],
    ["with a retry interval of 0", { retryInterval: 0 }],
    ["without a lock", { noLock: true }],
  ])("%s there is nothing to renew", async (_, options) => {
    await using client = clientOf();
    await client.requestJobExec({ ...hourly, ...options }, async (_, signal) => {
      expect(timers.pending).toBe(0);
      expect(signal.aborted).toBe(false);
    });
  });

  test("and stops when the task throws", async () => {
    await using client = clientOf();
    await expect(client.requestJobExec(hourly, () => Promise.reject(new Error("Empty")))).rejects.toThrow("Empty");
    expect(timers.pending).toBe(0);
  });

  test("and stops without a signal when the task has ended the job itself and continues", async () => {
    await using client = clientOf();
    await client.requestJobExec(hourly, async (job, signal) => {
      await job.finish();
      await timers.advance(2 * HOUR);
      expect(signal.aborted).toBe(false);
    });
    expect(warnings).toEqual([]);
  });

  test("and a renewal that comes after the task's own finish loses no lock", async () => {
    const backend = localBackend();
    await using client = clientOf(backend);
    await client.requestJobExec(hourly, async (job, signal) => {
      let finished: Promise<void> | undefined;
      const { renew } = backend;
      backend.renew = async (...renewal) => {
        finished = job.finish();
        await finished;
        return renew.apply(backend, renewal);
      };
      await timers.advance(HOUR);
      await finished;
      expect(signal.aborted).toBe(false);
    });
  });
});

describe("a lock that is lost while the task runs", () => {
  /** The task's process does nothing until another client has taken its lock over. */
  const takenOver = async (taken: (other: Job) => unknown) => {
    const other = await clientOf(undefined, { holder: { job: "other" } }).requestJobStart({
      ...hourly,
      retryInterval: undefined,
      takeOver: await heldLock(),
    });
    if (other === null) throw new Error("It was not taken over");
    await taken(other);
  };
  const heldLock = async () => {
    const active = (await stored())?.active;
    if (!active) throw new Error("No lock is active");
    return { id: active.id, updatedAt: new Date(active.updatedAt) };
  };

  test("aborts the signal, and the finish of the task is lock-lost", async () => {
    await using client = clientOf();
    let other: Job | undefined;
    const exec = client.requestJobExec(hourly, async (_, signal) => {
      await takenOver((job) => {
        other = job;
      });
      await timers.advance(10 * MINUTE);
      expect(signal.reason).toMatchObject({ name: "CronyxClientError", code: "lock-lost" });
    });
    await expect(exec).rejects.toMatchObject({ code: "lock-lost", cause: { loss: { ending: "taken-over" } } });
    expect((await stored())?.active?.id).toBe(other?.id);
  });

  test("throws the error of the task, and warns of no active lock", async () => {
    await using client = clientOf();
    let reason: unknown;
    const exec = client.requestJobExec(hourly, async (_, signal) => {
      await takenOver(() => {});
      await timers.advance(10 * MINUTE);
      reason = signal.reason;
      signal.throwIfAborted();
    });
    await expect(exec).rejects.toMatchObject({ code: "lock-lost" });
    await expect(exec).rejects.toBe(reason);
    expect(warnings).toEqual([]);
  });

  test("is named in a warning where the task failed before the signal", async () => {
    await using client = clientOf();
    const exec = client.requestJobExec(hourly, async () => {
      await takenOver(() => {});
      throw new Error("Empty");
    });
    await expect(exec).rejects.toThrow("Empty");
    expect(warnings).toEqual([expect.stringMatching(/^The job "report" had lost its lock before it was interr/)]);
  });
});

describe("a lock that cannot be renewed", () => {
  const down = new ServiceError("unreachable", { place: "https://locks", problem: "is away", effect: "possible" });

  test("counts as lost after the retry interval, and then the result of its finish decides", async () => {
    const backend = localBackend();
    await using client = clientOf(backend);
    await client.requestJobExec(hourly, async (_, signal) => {
      backend.renew = () => Promise.reject(down);
      await timers.advance(30 * MINUTE - 1);
      expect(signal.aborted).toBe(false);
      await timers.advance(1);
      expect(signal.reason).toMatchObject({
        code: "lock-lost",
        message: expect.stringContaining("could not be renewed"),
      });
    });
    expect((await stored())?.history[0]).toMatchObject({ outcome: "finished" });
  });

  test("since its server is an original one: one warning, no signal, and the job is finished", async () => {
    const backend = localBackend();
    let attempts = 0;
    backend.renew = () => {
      attempts++;
      return Promise.reject(
        new ServiceError("original-server", { place: "https://old", problem: "-", effect: "none" }),
      );
    };
    await using client = clientOf(backend);
    await client.requestJobExec(hourly, async (_, signal) => {
      await timers.advance(5 * HOUR);
      expect(signal.aborted).toBe(false);
    });
    expect([attempts, warnings.length]).toEqual([1, 1]);
    expect((await stored())?.history[0]).toMatchObject({ outcome: "finished" });
  });

  test("since no answer comes is given up when the task ends", async () => {
    const backend = localBackend();
    const client = clientOf(backend);
    await client.requestJobExec(hourly, async () => {
      backend.renew = (_lock, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(down), { once: true }));
      await timers.advance(10 * MINUTE);
    });
    await client.close();
    expect((await stored())?.history[0]).toMatchObject({ outcome: "finished" });
  });
});

test("after a start that took most of the retry interval the task runs with a renewed lock", async () => {
  const backend = localBackend();
  const { start } = backend;
  backend.start = async (...request) => {
    const answer = await start.apply(backend, request);
    timers.now += 29 * MINUTE;
    return answer;
  };
  await using client = clientOf(backend);
  await client.requestJobExec(hourly, async (job, signal) => {
    expect([job.updatedAt, signal.aborted]).toEqual([new Date(NOON + 29 * MINUTE), false]);
  });
});

test("the task does not run if the lock was taken over before it", async () => {
  const backend = localBackend();
  const { start } = backend;
  backend.start = async (...request) => {
    const answer = await start.apply(backend, request);
    backend.start = start;
    timers.now += 31 * MINUTE;
    await clientOf().requestJobStart(hourly);
    return answer;
  };
  await using client = clientOf(backend);
  let ran = false;
  const exec = client.requestJobExec(hourly, () => {
    ran = true;
  });
  await expect(exec).rejects.toMatchObject({ code: "lock-lost" });
  expect(ran).toBe(false);
  expect((await stored())?.active).not.toBeNull();
});

describe("renew, skip and resumeJob", () => {
  test("renew sets updatedAt, of a held lock alone", async () => {
    await using client = clientOf();
    const job = await client.requestJobStart(hourly);
    timers.now += 20 * MINUTE;
    await job?.renew();
    expect(job?.updatedAt).toEqual(new Date(NOON + 20 * MINUTE));
    timers.now += HOUR;
    const other = await client.requestJobStart(hourly);
    expect(other?.takenOver).toEqual({ holder: null, since: new Date(NOON) });
    await expect(job?.renew()).rejects.toMatchObject({ code: "lock-lost" });
    await other?.finish();
    await expect(other?.renew()).rejects.toMatchObject({ code: "not-active" });
  });

  test("a finish after a renewal needs no further read", async () => {
    await using client = clientOf();
    const job = await client.requestJobStart(hourly);
    await job?.renew();
    const { read } = store;
    let reads = 0;
    store.read = (names) => {
      reads++;
      return read.call(store, names);
    };
    await job?.finish();
    expect(reads).toBe(0);
  });

  test("skip leaves intervals out, which the next start passes over", async () => {
    await using client = clientOf();
    await (await client.requestJobStart(hourly))?.interrupt();
    timers.now += 3 * HOUR;
    await client.skip({ jobName: "report", until: new Date(NOON + 2 * HOUR) });
    const job = await client.requestJobStart(hourly);
    expect(job?.intervalStartedAt).toEqual(new Date(NOON + 2 * HOUR));
    await expect(client.skip({ jobName: "report", until: new Date(NOON + 3 * HOUR) })).rejects.toMatchObject({
      code: "job-active",
      message: expect.stringContaining("finish or interrupt"),
    });
    await job?.finish();
    await expect(client.skip({ jobName: "report", until: new Date(NOON + 9 * HOUR) })).rejects.toMatchObject({
      code: "cannot-skip",
      option: "until",
      message: expect.stringContaining("is in the future"),
    });
  });

  test("a lock that was interrupted is resumed until another run is granted the job", async () => {
    await using client = clientOf(undefined, { holder: { job: "second" } });
    const first = await client.requestJobStart(hourly);
    const id = first?.id ?? "";
    await first?.interrupt();
    const resumed = await client.resumeJob({ jobName: "report", id });
    expect([resumed.id, resumed.intervalStartedAt, resumed.behind]).toEqual([id, new Date(NOON - HOUR), null]);
    expect((await client.resumeJob({ jobName: "report", id })).id).toBe(id);
    await resumed.interrupt();
    const other = await client.requestJobStart(hourly);
    const refused = client.resumeJob({ jobName: "report", id });
    await expect(refused).rejects.toMatchObject({ code: "lock-lost", message: expect.stringContaining("job second") });
    await other?.finish();
  });

  test("a closed client resumes nothing", async () => {
    const client = clientOf();
    const first = await client.requestJobStart(hourly);
    const id = first?.id ?? "";
    await first?.interrupt();
    const closing = client.close();
    await expect(client.resumeJob({ jobName: "report", id })).rejects.toMatchObject({ code: "closed" });
    await closing;
  });
});

describe("policies", () => {
  test("startsAt and catchUp choose the interval, and the job has the skipped span and the number of intervals behind", async () => {
    await using client = clientOf();
    const startsAt = new Date(NOON - 5 * HOUR);
    const each = await client.requestJobStart({ ...hourly, startsAt });
    expect([each?.intervalStartedAt, each?.behind, each?.skipped]).toEqual([startsAt, 4, null]);
    await each?.finish();
    const latest = await client.requestJobStart({ ...hourly, catchUp: "latest" });
    expect(latest?.skipped).toEqual({ from: new Date(NOON - 4 * HOUR), until: new Date(NOON - HOUR) });
    await latest?.interrupt();
    const merged = await client.requestJobStart({ ...hourly, catchUp: "merge" });
    expect([merged?.interval, merged?.behind]).toEqual([4 * HOUR, 0]);
  });
});
