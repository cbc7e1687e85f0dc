import { pathToFileURL } from "node:url";
import { describe, expect, test } from "@jest/globals";
import type { CronyxClientOptions, Job } from "../../src/client/index.ts";
import type { Surroundings } from "../../src/client/surroundings.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { errorOf, NOON, servedClients } from "../../testing/client/served-clients.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";

const clients = servedClients();

describe.each(["http", "file"])("a repository by git+%s", (scheme) => {
  const open = () =>
    clients.clientOf({
      url: `git+${scheme === "http" ? clients.served.url : pathToFileURL(clients.served.repository.folder)}`,
    });

  test("grants intervals that tile time, with the properties of a job", async () => {
    await using client = open();
    const first = await clients.startedBy(client);
    expect({
      name: first.name,
      interval: first.interval,
      isActive: first.isActive,
      intervalStartedAt: first.intervalStartedAt,
      intervalEndedAt: first.intervalEndedAt,
      createdAt: first.createdAt,
      updatedAt: first.updatedAt,
    }).toEqual({
      name: clients.hourly.jobName,
      interval: HOUR,
      isActive: true,
      intervalStartedAt: new Date(NOON - HOUR),
      intervalEndedAt: new Date(NOON),
      createdAt: new Date(NOON),
      updatedAt: new Date(NOON),
    });
    expect(first.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await client.requestJobStart(clients.hourly)).toBeNull();
    await first.finish();

    clients.now = NOON + HOUR + MINUTE;
    const failed = await clients.startedBy(client);
    await failed.interrupt();
    const again = await clients.startedBy(client);
    expect(again.intervalStartedAt).toEqual(new Date(NOON));
    await again.finish();
  });
});

describe("startJob returns the reason why a job was not started", () => {
  test("another run holds it, with its holder", async () => {
    await using client = clients.clientOf({ holder: { job: "nightly", runUrl: "https://example.com/runs/1" } });
    const first = await clients.startedBy(client);
    expect(await client.startJob({ ...clients.hourly, retryInterval: { minutes: 10 } })).toEqual({
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
    await using client = clients.clientOf();
    await (await clients.startedBy(client)).finish();
    expect(await client.startJob(clients.hourly)).toEqual({
      started: false,
      reason: "not-due",
      dueAt: new Date(NOON + HOUR),
    });
  });

  test("a required job has to finish first", async () => {
    await using client = clients.clientOf();
    expect(await client.startJob({ ...clients.hourly, requiredJobNames: ["never-run"] })).toEqual({
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
  const client = clients.clientOf();
  const chosen = new Date("2026-11-23T00:00:00Z");
  const options = { ...clients.hourly, jobInterval: { days: 1 }, noLock: true, jobIntervalStartedAt: chosen };
  const [first, second] = [await clients.startedBy(client, options), await clients.startedBy(client, options)];
  expect([first.id, first.intervalStartedAt, second.interval]).toEqual([null, chosen, 24 * HOUR]);
  const asked = clients.served.exchanges.length;
  await client.close();
  await first.finish();
  await second.interrupt();
  expect(clients.served.exchanges.length).toBe(asked);
});

test("the client's time zone counts where a start names none", async () => {
  await using client = clients.clientOf({ timezone: "Asia/Tokyo" });
  const daily = { ...clients.hourly, jobInterval: "0 0 * * *", noLock: true };
  expect((await clients.startedBy(client, daily)).intervalStartedAt).toEqual(new Date("2026-11-23T15:00:00Z"));
  const inUtc = await clients.startedBy(client, { ...daily, timezone: "UTC" });
  expect(inUtc.intervalStartedAt).toEqual(new Date("2026-11-24T00:00:00Z"));
});

test("a run cannot end a lock that it has lost", async () => {
  await using client = clients.clientOf();
  const job = await clients.startedBy(client);
  clients.now += HOUR;
  const other = await clients.startedBy(client, { ...clients.hourly, retryInterval: MINUTE });
  const error = await errorOf(job.finish());
  expect(error).toMatchObject({ code: "lock-lost", cause: { name: "LockLostError", loss: { ending: "taken-over" } } });
  // The caller of the end has its error. So the disposal throws none, and leaves the lock of the other run as it is.
  await job[Symbol.asyncDispose]();
  await other.finish();
});

describe("requestJobExec", () => {
  test("finishes the job when the task is done", async () => {
    await using client = clients.clientOf();
    const seen: Date[] = [];
    const task = async (job: Job) => void seen.push(job.intervalStartedAt);
    await client.requestJobExec(clients.hourly, task);
    await client.requestJobExec(clients.hourly, task);
    clients.now += HOUR;
    await client.requestJobExec(clients.hourly, task);
    expect(seen).toEqual([new Date(NOON - HOUR), new Date(NOON)]);
  });

  test("interrupts the job when the task throws, and throws the task's own error", async () => {
    await using client = clients.clientOf();
    const failure = new Error("The report is empty");
    await expect(client.requestJobExec(clients.hourly, () => Promise.reject(failure))).rejects.toBe(failure);
    expect((await clients.startedBy(client)).intervalStartedAt).toEqual(new Date(NOON - HOUR));
  });

  test("throws the task's own error even where the interrupt fails, of which it warns", async () => {
    await using client = clients.clientOf();
    const failure = new Error("The report is empty");
    const task = () => {
      clients.served.fault = () => ({ status: 403 });
      throw failure;
    };
    await expect(client.requestJobExec(clients.hourly, task)).rejects.toBe(failure);
    expect(clients.warnings).toEqual([
      expect.stringContaining(`"${clients.hourly.jobName}" was not interrupted and keeps its lock`),
    ]);
  });

  test("doesn't interrupt a job that couldn't be finished", async () => {
    await using client = clients.clientOf();
    const task = () => {
      clients.served.fault = ({ command }) => (command === "push" ? { status: 403 } : undefined);
    };
    const pushes = () => clients.served.exchanges.filter(({ command }) => command === "push").length;
    const before = pushes();
    expect(await errorOf(client.requestJobExec(clients.hourly, task))).toMatchObject({ code: "token-may-not-write" });
    expect(pushes() - before).toBe(2);
    expect(await client.startJob(clients.hourly)).toMatchObject({ reason: "active" });
  });

  test("leaves a job alone that the task ended itself", async () => {
    await using client = clients.clientOf();
    await client.requestJobExec(clients.hourly, (job) => job.interrupt());
    await client.requestJobExec(clients.hourly, (job) => {
      job.interrupt();
    });
    expect(await client.requestJobStart(clients.hourly)).not.toBeNull();
  });

  test("ends the run though the signal that its task stopped by is aborted", async () => {
    await using client = clients.clientOf();
    const caller = new AbortController();
    const task = () => {
      caller.abort(new Error("Shutting down"));
      caller.signal.throwIfAborted();
    };
    await expect(client.requestJobExec({ ...clients.hourly, signal: caller.signal }, task)).rejects.toThrow(
      "Shutting down",
    );
    expect(await client.requestJobStart(clients.hourly)).not.toBeNull();
  });
});

describe("using", () => {
  test("await using interrupts a job that was left active, and no other", async () => {
    await using client = clients.clientOf();
    {
      await using job = await clients.startedBy(client);
      await job.finish();
    }
    clients.now += HOUR;
    {
      await using job = await clients.startedBy(client);
      expect(job.intervalStartedAt).toEqual(new Date(NOON));
    }
    expect((await clients.startedBy(client)).intervalStartedAt).toEqual(new Date(NOON));
  });

  test("await using waits for an end in progress", async () => {
    await using client = clients.clientOf();
    {
      await using job = await clients.startedBy(client);
      job.finish();
    }
    expect(await client.startJob(clients.hourly)).toMatchObject({ reason: "not-due" });
  });

  test("using interrupts it in the background, for which close waits", async () => {
    const client = clients.clientOf();
    {
      using job = await clients.startedBy(client);
      expect(job.isActive).toBe(true);
    }
    await client.close();
    await using next = clients.clientOf();
    expect(await next.requestJobStart(clients.hourly)).not.toBeNull();
    expect(clients.warnings).toEqual([]);
  });

  test("using warns if that fails", async () => {
    const client = clients.clientOf();
    {
      using _ = await clients.startedBy(client);
      clients.served.fault = () => ({ status: 401 });
    }
    await client.close();
    expect(clients.warnings).toEqual([expect.stringContaining("was not interrupted and keeps its lock")]);
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
    await using client = clients.clientOf({}, { open });
    expect(opened).toBe(0);
    await Promise.all([
      client.startJob(clients.hourly),
      client.startJob({ ...clients.hourly, jobName: `${clients.hourly.jobName} too` }),
    ]);
    expect(opened).toBe(1);
  });

  test("that cannot be opened fails each call, and each call tries again", async () => {
    let opened = 0;
    const open = () => Promise.reject(new Error(`Attempt ${++opened}`));
    await using client = clients.clientOf({}, { open });
    for (const attempt of [1, 2]) {
      const message = `Attempt ${attempt}`;
      expect(await errorOf(client.requestJobStart(clients.hourly))).toMatchObject({ code: "unexpected", message });
    }
  });

  test("is not opened for a url that names no repository or server", async () => {
    const open = () => Promise.reject(new Error("Opened"));
    const refused = errorOf((async () => clients.clientOf({ url: "ftp://example.com/locks" }, { open }))());
    expect(await refused).toMatchObject({
      code: "invalid-location",
      option: "url",
      cause: { name: "ArgumentError" },
    });
  });
});

describe("an error speaks of this library's options", () => {
  const wordsOf = async (options: Partial<CronyxClientOptions>, call = clients.hourly) => {
    await using client = clients.clientOf(options);
    return (await errorOf(client.startJob(call))).message;
  };

  test.each([
    [401, "set the option token to one that"],
    [403, "let the token read and write the contents of that repository"],
    [404, "check the option url"],
  ])("where a repository answers %i", async (status, says) => {
    clients.served.fault = () => ({ status });
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
      const { code, message } = await errorOf((async () => clients.clientOf({ url }))());
      expect(code).toBe("credentials-in-location");
      expect(message).toContain(
        "url contains credentials, which would be shown in logs: move them to the option token",
      );
      expect(message).toContain("or credentials");
      expect(message).not.toContain("hunter2");
    },
  );
});
