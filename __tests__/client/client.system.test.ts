import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { CronyxClient } from "../../src/client/client.ts";
import type { CronyxClientError } from "../../src/client/client-error.ts";
import type { CronyxClientOptions, Job, JobStartOptions } from "../../src/client/index.ts";
import type { Surroundings } from "../../src/client/surroundings.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import type { GitFault } from "../../testing/git/git-server.mjs";
import { type ServedRepository, serveRepository } from "../../testing/git/served-repository.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");

let served: ServedRepository;
let now: number;
let jobs = 0;
let hourly: JobStartOptions;
let warnings: string[];

beforeAll(async () => {
  served = await serveRepository();
  // Decisions go by the git server's clock.
  served.now = () => now;
});

afterAll(() => served.close());

beforeEach(() => {
  now = NOON;
  served.fault = () => undefined;
  warnings = [];
  hourly = { jobName: `report ${++jobs}`, jobInterval: HOUR };
});

const clientOf = (options: Partial<CronyxClientOptions> = {}, surroundings: Partial<Surroundings> = {}) =>
  new CronyxClient(
    { url: `git+${served.url}`, ...options },
    { now: () => now, warn: (warning) => warnings.push(warning), ...surroundings },
  );

async function startedBy(client: CronyxClient, options = hourly): Promise<Job> {
  const job = await client.requestJobStart(options);
  if (job === null) throw new Error(`${options.jobName} was not started`);
  return job;
}

async function errorOf(call: Promise<unknown>): Promise<CronyxClientError> {
  const error = await call.then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ name: "CronyxClientError" });
  return error as CronyxClientError;
}

describe.each(["http", "file"])("a repository by git+%s", (scheme) => {
  const open = () =>
    clientOf({ url: `git+${scheme === "http" ? served.url : pathToFileURL(served.repository.folder)}` });

  test("grants intervals that tile time, with the properties of a job", async () => {
    await using client = open();
    const first = await startedBy(client);
    expect({
      name: first.name,
      interval: first.interval,
      isActive: first.isActive,
      intervalStartedAt: first.intervalStartedAt,
      intervalEndedAt: first.intervalEndedAt,
      createdAt: first.createdAt,
      updatedAt: first.updatedAt,
    }).toEqual({
      name: hourly.jobName,
      interval: HOUR,
      isActive: true,
      intervalStartedAt: new Date(NOON - HOUR),
      intervalEndedAt: new Date(NOON),
      createdAt: new Date(NOON),
      updatedAt: new Date(NOON),
    });
    expect(first.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await client.requestJobStart(hourly)).toBeNull();
    await first.finish();

    now = NOON + HOUR + MINUTE;
    const failed = await startedBy(client);
    await failed.interrupt();
    const again = await startedBy(client);
    expect(again.intervalStartedAt).toEqual(new Date(NOON));
    await again.finish();
  });
});

describe("startJob returns the reason why a job was not started", () => {
  test("another run holds it, with its holder", async () => {
    await using client = clientOf({ holder: { job: "nightly", runUrl: "https://example.com/runs/1" } });
    const first = await startedBy(client);
    expect(await client.startJob({ ...hourly, retryInterval: { minutes: 10 } })).toEqual({
      started: false,
      reason: "active",
      id: first.id,
      since: new Date(NOON),
      updatedAt: new Date(NOON),
      holder: { job: "nightly", runUrl: "https://example.com/runs/1" },
      retryAt: new Date(NOON + 10 * MINUTE),
    });
  });

  test("it is not due yet", async () => {
    await using client = clientOf();
    await (await startedBy(client)).finish();
    expect(await client.startJob(hourly)).toEqual({
      started: false,
      reason: "not-due",
      dueAt: new Date(NOON + HOUR),
    });
  });

  test("a required job has to finish first", async () => {
    await using client = clientOf();
    expect(await client.startJob({ ...hourly, requiredJobNames: ["never-run"] })).toEqual({
      started: false,
      reason: "required-job",
      jobName: "never-run",
      finishedUntil: null,
      neededUntil: null,
      mutual: false,
    });
  });
});

test("without a lock nothing is written, and every end succeeds without being sent", async () => {
  const client = clientOf();
  const chosen = new Date("2026-11-23T00:00:00Z");
  const options = { ...hourly, jobInterval: { days: 1 }, noLock: true, jobIntervalStartedAt: chosen };
  const [first, second] = [await startedBy(client, options), await startedBy(client, options)];
  expect([first.id, first.intervalStartedAt, second.interval]).toEqual([null, chosen, 24 * HOUR]);
  const asked = served.exchanges.length;
  await client.close();
  await first.finish();
  await second.interrupt();
  expect(served.exchanges.length).toBe(asked);
});

test("the client's time zone counts where a start names none", async () => {
  await using client = clientOf({ timezone: "Asia/Tokyo" });
  const daily = { ...hourly, jobInterval: "0 0 * * *", noLock: true };
  expect((await startedBy(client, daily)).intervalStartedAt).toEqual(new Date("2026-11-23T15:00:00Z"));
  const inUtc = await startedBy(client, { ...daily, timezone: "UTC" });
  expect(inUtc.intervalStartedAt).toEqual(new Date("2026-11-24T00:00:00Z"));
});

test("a run cannot end a lock that it has lost", async () => {
  await using client = clientOf();
  const job = await startedBy(client);
  now += HOUR;
  const other = await startedBy(client, { ...hourly, retryInterval: MINUTE });
  const error = await errorOf(job.finish());
  expect(error).toMatchObject({ code: "lock-lost", cause: { name: "LockLostError", loss: { ending: "taken-over" } } });
  // The caller of the end has its error. So the disposal throws none, and leaves the lock of the other run as it is.
  await job[Symbol.asyncDispose]();
  await other.finish();
});

describe("requestJobExec", () => {
  test("finishes the job when the task is done", async () => {
    await using client = clientOf();
    const seen: Date[] = [];
    const task = async (job: Job) => void seen.push(job.intervalStartedAt);
    await client.requestJobExec(hourly, task);
    await client.requestJobExec(hourly, task);
    now += HOUR;
    await client.requestJobExec(hourly, task);
    expect(seen).toEqual([new Date(NOON - HOUR), new Date(NOON)]);
  });

  test("interrupts the job when the task throws, and throws the task's own error", async () => {
    await using client = clientOf();
    const failure = new Error("The report is empty");
    await expect(client.requestJobExec(hourly, () => Promise.reject(failure))).rejects.toBe(failure);
    expect((await startedBy(client)).intervalStartedAt).toEqual(new Date(NOON - HOUR));
  });

  test("throws the task's own error even where the interrupt fails, of which it warns", async () => {
    await using client = clientOf();
    const failure = new Error("The report is empty");
    const task = () => {
      served.fault = () => ({ status: 403 });
      throw failure;
    };
    await expect(client.requestJobExec(hourly, task)).rejects.toBe(failure);
    expect(warnings).toEqual([expect.stringContaining(`"${hourly.jobName}" was not interrupted and keeps its lock`)]);
  });

  test("doesn't interrupt a job that couldn't be finished", async () => {
    await using client = clientOf();
    const task = () => {
      served.fault = ({ command }) => (command === "push" ? { status: 403 } : undefined);
    };
    const pushes = () => served.exchanges.filter(({ command }) => command === "push").length;
    const before = pushes();
    expect(await errorOf(client.requestJobExec(hourly, task))).toMatchObject({ code: "token-may-not-write" });
    expect(pushes() - before).toBe(2);
    expect(await client.startJob(hourly)).toMatchObject({ reason: "active" });
  });

  test("leaves a job alone that the task ended itself", async () => {
    await using client = clientOf();
    await client.requestJobExec(hourly, (job) => job.interrupt());
    await client.requestJobExec(hourly, (job) => {
      job.interrupt();
    });
    expect(await client.requestJobStart(hourly)).not.toBeNull();
  });

  test("ends the run though the signal that its task stopped by is aborted", async () => {
    await using client = clientOf();
    const caller = new AbortController();
    const task = () => {
      caller.abort(new Error("Shutting down"));
      caller.signal.throwIfAborted();
    };
    await expect(client.requestJobExec({ ...hourly, signal: caller.signal }, task)).rejects.toThrow("Shutting down");
    expect(await client.requestJobStart(hourly)).not.toBeNull();
  });
});

describe("using", () => {
  test("await using interrupts a job that was left active, and no other", async () => {
    await using client = clientOf();
    {
      await using job = await startedBy(client);
      await job.finish();
    }
    now += HOUR;
    {
      await using job = await startedBy(client);
      expect(job.intervalStartedAt).toEqual(new Date(NOON));
    }
    expect((await startedBy(client)).intervalStartedAt).toEqual(new Date(NOON));
  });

  test("await using waits for an end in progress", async () => {
    await using client = clientOf();
    {
      await using job = await startedBy(client);
      job.finish();
    }
    expect(await client.startJob(hourly)).toMatchObject({ reason: "not-due" });
  });

  test("using interrupts it in the background, for which close waits", async () => {
    const client = clientOf();
    {
      using job = await startedBy(client);
      expect(job.isActive).toBe(true);
    }
    await client.close();
    await using next = clientOf();
    expect(await next.requestJobStart(hourly)).not.toBeNull();
    expect(warnings).toEqual([]);
  });

  test("using warns if that fails", async () => {
    const client = clientOf();
    {
      using _ = await startedBy(client);
      served.fault = () => ({ status: 401 });
    }
    await client.close();
    expect(warnings).toEqual([expect.stringContaining("was not interrupted and keeps its lock")]);
  });
});

describe("a caller's signal", () => {
  test("aborted before, nothing is sent", async () => {
    await using client = clientOf();
    const asked = served.exchanges.length;
    const reason = new Error("Shutting down");
    const error = await errorOf(client.requestJobStart({ ...hourly, signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: "aborted", cause: reason });
    expect(served.exchanges.length).toBe(asked);
  });

  test.each(["before", "after"] as const)("aborted %s a push took the lock, no lock stays behind", async (cut) => {
    await using client = clientOf();
    const caller = new AbortController();
    served.fault = ({ command }) => {
      if (command !== "push" || caller.signal.aborted) return undefined;
      caller.abort();
      return { cut };
    };
    expect(await errorOf(client.requestJobStart({ ...hourly, signal: caller.signal }))).toMatchObject({
      code: "aborted",
    });
    served.fault = () => undefined;
    expect((await startedBy(client)).intervalStartedAt).toEqual(new Date(NOON - HOUR));
  });

  test("aborted while waiting to try again, the call ends at once", async () => {
    const caller = new AbortController();
    const log: string[] = [];
    await using client = clientOf({
      log(line) {
        log.push(line);
        // The client waits by the next turn of the event loop.
        setImmediate(() => caller.abort());
      },
    });
    served.fault = () => ({ status: 503, headers: { "retry-after": "30" } });
    const start = errorOf(client.requestJobStart({ ...hourly, signal: caller.signal }));
    expect((await start).code).toBe("aborted");
    expect(log).toEqual([expect.stringContaining("; trying again in 30 s")]);
  });

  test("aborted while a job is being finished, the job stays active and can be finished again", async () => {
    await using client = clientOf();
    const job = await startedBy(client);
    const caller = new AbortController();
    served.fault = ({ command }) => {
      if (command !== "push" || caller.signal.aborted) return undefined;
      caller.abort();
      return { cut: "after" };
    };
    expect(await errorOf(job.finish({ signal: caller.signal }))).toMatchObject({
      code: "aborted",
      message: expect.stringContaining("may have been carried out"),
    });
    expect(job.isActive).toBe(true);
    await job.finish();
    expect(await client.startJob(hourly)).toMatchObject({ reason: "not-due" });
  });
});

describe("a deadline", () => {
  test("that passes is an error, of the call's or of the client's", async () => {
    served.fault = () => ({ status: 503 });
    await using client = clientOf({ deadline: 100 });
    expect(await errorOf(client.requestJobStart(hourly))).toMatchObject({ code: "unreachable" });
    await using patient = clientOf();
    expect(await errorOf(patient.requestJobStart({ ...hourly, deadline: 100 }))).toMatchObject({
      code: "unreachable",
      cause: { name: "ServiceError" },
    });
  });

  test("that passes while the lock is taken leaves none behind", async () => {
    await using client = clientOf();
    const faults: GitFault[] = [{}, { cut: "after" }, { delay: 600 }];
    served.fault = () => faults.shift();
    expect(await errorOf(client.requestJobStart({ ...hourly, deadline: 500 }))).toMatchObject({ code: "unreachable" });
    expect(await client.requestJobStart(hourly)).not.toBeNull();
  });

  test("that passes where the release fails has an error that names the lock", async () => {
    await using client = clientOf();
    let pushed = false;
    served.fault = ({ command }) => {
      if (command === "push" && !pushed) {
        pushed = true;
        return { cut: "after" };
      }
      return pushed ? { status: 403 } : undefined;
    };
    const error = await errorOf(client.requestJobStart({ ...hourly, deadline: 500 }));
    expect(error.message).toContain(`The lock of "${hourly.jobName}" may have been taken`);
  });
});

describe("close", () => {
  test("refuses new starts, and can be called again", async () => {
    const client = clientOf();
    const job = await startedBy(client);
    await Promise.all([client.close(), client.close()]);
    expect(await errorOf(client.requestJobStart(hourly))).toMatchObject({ code: "closed" });
    expect(await errorOf(job.finish())).toMatchObject({ code: "closed" });
    expect(job.isActive).toBe(true);
  });

  test("waits for calls in progress, with their tasks", async () => {
    const client = clientOf();
    const order: string[] = [];
    let closed: Promise<unknown> | undefined;
    await client.requestJobExec(hourly, async () => {
      closed = client.close().then(() => order.push("closed"));
      await new Promise(setImmediate);
      order.push("task");
    });
    await closed;
    expect(order).toEqual(["task", "closed"]);
    await using next = clientOf();
    expect(await next.startJob(hourly)).toMatchObject({ reason: "not-due" });
  });

  test("opens nothing if there was no call", async () => {
    const open = () => Promise.reject(new Error("Opened"));
    await clientOf({}, { open }).close();
  });
});

describe("a backend", () => {
  test("is opened once, by the first call", async () => {
    const { openBackend } = await import("../../src/backend/open-backend.ts");
    let opened = 0;
    const open: Surroundings["open"] = (url, options) => {
      opened++;
      return openBackend(url, options);
    };
    await using client = clientOf({}, { open });
    expect(opened).toBe(0);
    await Promise.all([client.startJob(hourly), client.startJob({ ...hourly, jobName: `${hourly.jobName} too` })]);
    expect(opened).toBe(1);
  });

  test("that cannot be opened fails each call, and each call tries again", async () => {
    let opened = 0;
    const open = () => Promise.reject(new Error(`Attempt ${++opened}`));
    await using client = clientOf({}, { open });
    for (const attempt of [1, 2]) {
      const message = `Attempt ${attempt}`;
      expect(await errorOf(client.requestJobStart(hourly))).toMatchObject({ code: "unexpected", message });
    }
  });

  test("is not opened for a url that names no repository or server", async () => {
    const open = () => Promise.reject(new Error("Opened"));
    const refused = errorOf((async () => clientOf({ url: "ftp://example.com/locks" }, { open }))());
    expect(await refused).toMatchObject({
      code: "invalid-location",
      option: "url",
      cause: { name: "ArgumentError" },
    });
  });
});

describe("an error speaks of this library's options", () => {
  const wordsOf = async (options: Partial<CronyxClientOptions>, call = hourly) => {
    await using client = clientOf(options);
    return (await errorOf(client.startJob(call))).message;
  };

  test.each([
    [401, "set the option token to one that"],
    [403, "let the token read and write the contents of that repository"],
    [404, "check the option url"],
  ])("where a repository answers %i", async (status, says) => {
    served.fault = () => ({ status });
    const words = await wordsOf({});
    expect(words).toContain(says);
    expect(words).not.toMatch(/\binputs?\b|workflow|fork/);
  });

  test("where a server asks for a login, refuses one, or cannot free a lock", async () => {
    const original = await new OriginalServer().listen();
    try {
      const { url } = original;
      original.login = "me:hunter2";
      expect(await wordsOf({ url })).toContain("(401): set the option credentials or token");
      expect(await wordsOf({ url, token: "mine" })).toContain(
        "refused the token (401): set the option token to one that",
      );
      original.login = null;
      let starts = 0;
      original.fault = () => (starts++ === 0 ? { cut: "after" } : undefined);
      expect(await wordsOf({ url })).toMatch(/set retryInterval, so that a later start takes the lock over/);
    } finally {
      await original.close();
    }
  });

  test.each([["https://me:hunter2@example.com"], ["git+https://hunter2@example.com/a/b"]])(
    "where %s holds credentials",
    async (url) => {
      const { code, message } = await errorOf((async () => clientOf({ url }))());
      expect(code).toBe("credentials-in-location");
      expect(message).toContain(
        "url contains credentials, which would be shown in logs: move them to the option token",
      );
      expect(message).toContain("or credentials");
      expect(message).not.toContain("hunter2");
    },
  );
});
