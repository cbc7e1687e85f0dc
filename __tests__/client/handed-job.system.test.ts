import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CronyxClient } from "../../src/client/client.ts";
import type { Job, JobStartOptions } from "../../src/client/index.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { type ServedRepository, serveRepository } from "../../testing/git/served-repository.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";

const KINDS = ["git+http", "git+file", "our own server", "an original server"] as const;

let served: ServedRepository;
let server: RunningServer;
let original: OriginalServer;
beforeAll(async () => {
  served = await serveRepository();
  server = await runServer();
  original = await new OriginalServer().listen();
});
afterAll(() => Promise.all([served.close(), server.close(), original.close()]));

function urlOf(kind: (typeof KINDS)[number]): string {
  switch (kind) {
    case "git+http":
      return `git+${served.url}`;
    case "git+file":
      return `git+${pathToFileURL(served.repository.folder)}`;
    case "our own server":
      return server.url;
    case "an original server":
      return original.url;
  }
}

/** A client of its own, as another process has it. */
async function withClient<T>(kind: (typeof KINDS)[number], work: (client: CronyxClient) => Promise<T>): Promise<T> {
  await using client = new CronyxClient({ url: urlOf(kind) });
  return await work(client);
}

const start = async (kind: (typeof KINDS)[number], options: JobStartOptions) =>
  withClient(kind, async (client) => {
    const job = await client.requestJobStart(options);
    if (job === null) throw new Error(`${options.jobName} was not started`);
    return job;
  });

describe.each(KINDS)("on %s, the text of a lock", (kind) => {
  const isOriginal = kind === "an original server";
  const hourly = (name: string) => ({ jobName: `${name} on ${kind}`, jobInterval: HOUR });

  test("gives another process the same job, to finish it", async () => {
    const job = await start(kind, hourly("finished"));
    await withClient(kind, async (client) => {
      const handed = await client.job(job.lock);
      for (const property of ["id", "name", "interval", "intervalStartedAt", "intervalEndedAt", "createdAt"] as const) {
        expect(handed[property]).toEqual(job[property]);
      }
      expect([handed.behind, handed.skipped, handed.takenOver, handed.lock]).toEqual([
        job.behind,
        null,
        null,
        job.lock,
      ]);
      await handed.finish();
      expect(await client.requestJobStart(hourly("finished"))).toBeNull();
      await expect(handed.finish()).rejects.toMatchObject({ code: "not-active" });
      expect(() => handed.lock).toThrow("Job is not active");
    });
  });

  test("gives another process the same job, to interrupt it", async () => {
    const job = await start(kind, hourly("interrupted"));
    await withClient(kind, async (client) => (await client.job(job.lock)).interrupt());
    const again = await start(kind, hourly("interrupted"));
    // An original server does not remember where a job's first interval starts.
    if (!isOriginal) expect(again.intervalStartedAt).toEqual(job.intervalStartedAt);
  });

  test("has the last update after a renewal", async () => {
    const job = await start(kind, { ...hourly("renewed"), retryInterval: HOUR });
    await withClient(kind, async (client) => {
      const handed = await client.job(job.lock);
      if (isOriginal) {
        await expect(handed.renew()).rejects.toMatchObject({ code: "original-server" });
      } else {
        server.clock.now += 1;
        await handed.renew();
        expect((await client.job(job.lock)).updatedAt).toEqual(handed.updatedAt);
        expect(handed.updatedAt.getTime()).toBeGreaterThan(handed.createdAt.getTime());
        expect((await client.job(handed.lock)).updatedAt).toEqual(handed.updatedAt);
      }
      await handed.finish();
    });
  });

  test("of a lock that was taken over or ended is refused", async () => {
    const job = await start(kind, hourly("lost"));
    if (!isOriginal) {
      const other = await start(kind, { ...hourly("lost"), retryInterval: 0 });
      await withClient(kind, async (client) => {
        const lost = await client.job(job.lock).catch((error) => error);
        expect(lost).toMatchObject({ code: "lock-lost", cause: { loss: { ending: "taken-over" } } });
        await (await client.job(other.lock)).finish();
        await expect(client.job(other.lock)).rejects.toMatchObject({
          code: "lock-lost",
          cause: { loss: { ending: "finished" } },
        });
      });
      return;
    }
    // It shows no locks, so only the end finds out.
    await withClient(kind, async (client) => (await client.job(job.lock)).interrupt());
    await withClient(kind, async (client) => {
      await expect((await client.job(job.lock)).finish()).rejects.toMatchObject({ code: "lock-lost" });
    });
  });

  test("of a start without a lock gives a job with nothing to end", async () => {
    const job = await start(kind, { ...hourly("free"), noLock: true });
    await withClient(kind, async (client) => {
      const handed = await client.job(job.lock);
      expect([handed.id, handed.intervalEndedAt]).toEqual([null, job.intervalEndedAt]);
      await handed.finish();
    });
  });
});

describe("a text that is not that of a lock here", () => {
  let job: Job;
  beforeAll(async () => {
    job = await start("our own server", { jobName: "mistaken", jobInterval: HOUR });
  });
  const refused = (text: unknown) =>
    withClient("our own server", (client) => client.job(text as string).catch((error) => error));
  const changed = (fields: object) => JSON.stringify({ ...JSON.parse(job.lock), ...fields });

  test.each([
    [undefined, "missing", /^lock is missing/],
    [7, "wrong-type", /^lock 7 has the wrong type/],
    ["started", "invalid-lock", /^lock "started" is not the text of a lock: pass the lock of a job that was started/],
    ['{"started":false}', "invalid-lock", /is the text of a start that was refused/],
  ])("%j: %s", async (text, code, message) => {
    server.lines.length = 0;
    expect(await refused(text)).toMatchObject({ code, option: "lock", message: expect.stringMatching(message) });
    expect(server.lines).toEqual([]);
  });

  test("is refused with another interval than the lock", async () => {
    expect(await refused(changed({ intervalEndedAt: "2027-01-01T00:00:00.000Z" }))).toMatchObject({
      code: "invalid-lock",
      message: expect.stringContaining("is for another interval than the active lock of that id"),
    });
  });

  test("is lost with another id or job", async () => {
    for (const text of [changed({ id: "another" }), changed({ job: "never" })]) {
      expect(await refused(text)).toMatchObject({ code: "lock-lost" });
    }
  });

  test("of another location is refused before anything is sent", async () => {
    server.lines.length = 0;
    const error = await withClient("git+http", (client) => client.job(job.lock).catch((error) => error));
    expect(error).toMatchObject({
      code: "location-changed",
      option: "url",
      message: expect.stringMatching(/is not where the lock was taken, so nothing was sent: pass the text to a client/),
    });
    expect(server.lines).toEqual([]);
  });

  test("or comes after close", async () => {
    const client = new CronyxClient({ url: server.url });
    await client.close();
    await expect(client.job(job.lock)).rejects.toMatchObject({ code: "closed" });
  });

  test("a call can be aborted", async () => {
    const signal = AbortSignal.abort(new Error("Shutting down"));
    await withClient("our own server", async (client) => {
      await expect(client.job(job.lock, { signal })).rejects.toMatchObject({ code: "aborted" });
    });
  });
});
