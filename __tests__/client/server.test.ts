import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CronyxClient } from "../../src/client/client.ts";
import type { Job } from "../../src/client/index.ts";
import { HOUR, toIso } from "../../src/scheduler/instant.ts";
import { basicScheme } from "../../src/server/auth/basic-scheme.ts";
import { NOON, type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

/** A store that reports each step of a request, and waits until the test has handled the report. */
class WatchedStore extends MemoryStore {
  at: (step: "read" | "swapping" | "swapped") => unknown = () => {};
  /** The number of calls in progress. */
  calls = 0;

  override async read(names: readonly string[]) {
    this.calls++;
    await this.at("read");
    const reading = await super.read(names);
    this.calls--;
    return reading;
  }

  override async swap(...swap: Parameters<MemoryStore["swap"]>) {
    this.calls++;
    await this.at("swapping");
    const version = await super.swap(...swap);
    await this.at("swapped");
    this.calls--;
    return version;
  }
}

const STEPS = ["read", "swapping", "swapped"] as const;
const hourly = { jobName: "octo-org/daily report", jobInterval: HOUR };
const PATH = `/${encodeURIComponent(hourly.jobName)}`;

let store: WatchedStore;
let server: RunningServer;
let client: CronyxClient;
/** Lets the store continue the step at which it waits. */
let release = () => {};
beforeEach(async () => {
  store = new WatchedStore();
  server = await runServer({ store, schemes: [basicScheme("octo", "pass:word")] });
  client = new CronyxClient({ url: server.url, credentials: { username: "octo", password: "pass:word" } });
});
afterEach(async () => {
  await settled();
  await client.close();
  await server.close();
});

async function started(): Promise<Job> {
  const job = await client.requestJobStart(hourly);
  if (job === null) throw new Error("It was not started");
  return job;
}

/** Aborts when the store reaches this step for the first time. The step continues only after a release. */
function abortAt(step: (typeof STEPS)[number]): AbortSignal {
  const caller = new AbortController();
  store.at = async (now) => {
    if (now !== step || caller.signal.aborted) return;
    caller.abort(new Error("Shutting down"));
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  return caller.signal;
}

const aborted = { name: "CronyxClientError", code: "aborted", cause: { message: "Shutting down" } };

describe("a signal that is aborted", () => {
  test("before: nothing is sent", async () => {
    const signal = AbortSignal.abort(new Error("Shutting down"));
    const job = await started();
    server.lines.length = 0;
    for (const call of [
      () => client.startJob({ ...hourly, signal }),
      () => client.requestJobStart({ ...hourly, signal }),
      () => client.requestJobExec({ ...hourly, signal }, () => {}),
      () => job.finish({ signal }),
      () => job.interrupt({ signal }),
    ]) {
      await expect(call()).rejects.toMatchObject(aborted);
    }
    expect(server.lines).toEqual([]);
    await job.finish();
  });

  test.each(STEPS)("while a start is on its way (%s): it holds nothing, now or later", async (step) => {
    const signal = abortAt(step);
    await expect(client.startJob({ ...hourly, signal })).rejects.toMatchObject(aborted);
    await settled();
    const state = (await store.read([hourly.jobName])).records.get(hourly.jobName)?.state;
    expect(state?.active ?? null).toBeNull();
    expect((await started()).intervalEndedAt).toEqual(new Date(NOON));
  });

  test.each(
    (["finish", "interrupt"] as const).flatMap((end) =>
      (["swapping", "swapped"] as const).map((step) => [end, step] as const),
    ),
  )("while a %s is on its way (%s): the job is active, and can be ended again", async (end, step) => {
    const job = await started();
    await expect(job[end]({ signal: abortAt(step) })).rejects.toMatchObject(aborted);
    expect(job.isActive).toBe(true);
    await settled();
    // The request was carried out after all, so the repeated one is done.
    await job[end]();
    const { active, finishedUntil } = (await store.read([hourly.jobName])).records.get(hourly.jobName)?.state ?? {};
    expect([active, finishedUntil]).toEqual([null, end === "finish" ? toIso(NOON) : null]);
  });

  test("within a task: the run is interrupted all the same", async () => {
    const caller = new AbortController();
    const task = () => {
      caller.abort(new Error("Shutting down"));
      caller.signal.throwIfAborted();
    };
    await expect(client.requestJobExec({ ...hourly, signal: caller.signal }, task)).rejects.toThrow("Shutting down");
    expect(await client.requestJobStart(hourly)).not.toBeNull();
  });
});

/** Lets the server complete the request that the client has given up. */
async function settled() {
  store.at = () => {};
  release();
  do await nextTurn();
  while (store.calls > 0);
}

test("an end that came through unheard is not the other one", async () => {
  const job = await started();
  await expect(job.finish({ signal: abortAt("swapped") })).rejects.toMatchObject(aborted);
  await settled();
  await expect(job.interrupt()).rejects.toMatchObject({ code: "lock-lost", cause: { loss: { ending: "finished" } } });
});

test("a deadline ends every call", async () => {
  const job = await started();
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.at = () => held;
  for (const call of [
    () => job.finish({ deadline: 100 }),
    () => client.startJob({ ...hourly, noLock: true, deadline: 100 }),
    () => client.requestJobExec({ ...hourly, noLock: true, deadline: 100 }, () => {}),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "unreachable" });
  }
});

test("a run starts, renews and finishes, and the end by another caller is an error", async () => {
  const job = await started();
  expect(await client.startJob(hourly)).toMatchObject({ started: false, reason: "active", since: new Date(NOON) });
  await server.send("PUT", `${PATH}/${job.id}/interrupt`, {
    headers: { authorization: `Basic ${Buffer.from("octo:pass:word").toString("base64")}` },
  });
  await expect(job.finish()).rejects.toMatchObject({ code: "lock-lost" });
  await (await started()).finish();
  expect(await client.startJob(hourly)).toMatchObject({ reason: "not-due", dueAt: new Date(NOON + HOUR) });
});
