import { beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import { LockLostError } from "../../../src/backend/job-backend.ts";
import type { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import {
  claim,
  HOLDER,
  HOURLY,
  inTime,
  JOB,
  NOON,
  once,
  remotePlace,
  sentenceOf,
  started,
} from "../../../testing/backends/remote-place.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";
import { lossOn } from "../../../testing/errors/lost-lock.ts";
import { ExplainingServer } from "../../../testing/servers/explaining-server.ts";

const place = remotePlace();
let server: ExplainingServer;
let backend: RemoteBackend;
let other: RemoteBackend;

beforeEach(async () => {
  server = await place.serve(ExplainingServer);
  [backend, other] = [await place.connect(server.url), await place.connect(server.url)];
});

describe("with a server that explains itself", () => {
  test("a lock that is held: by whom, since when, until when", async () => {
    const { id } = await started(other);
    place.now += 10 * MINUTE;
    const refused = { started: false, reason: "active", id, since: NOON, updatedAt: NOON, holder: HOLDER };
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({ ...refused, retryAt: null });
    const answer = await backend.start({ ...HOURLY, retryInterval: HOUR }, claim(), inTime());
    expect(answer).toEqual({ ...refused, retryAt: NOON + HOUR });
  });

  test("a lock that is held by a run with a long address", async () => {
    // As the server counts, that is 1,220 characters of at most 2,000.
    const holder = { runUrl: `https://host/${"📈".repeat(900)}${"x".repeat(307)}` };
    await started(other, { holder });
    expect(await backend.start(HOURLY, claim(), inTime())).toMatchObject({ reason: "active", holder });
  });

  test("an interval that is not due, and a job that it needs", async () => {
    await backend.finish(await started(backend), inTime());
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({
      started: false,
      reason: "not-due",
      dueAt: NOON + HOUR,
    });
    place.now += HOUR;
    // The longest name has 255 characters, which may be 510 of JavaScript's.
    for (const jobName of ["需要", "📈".repeat(255)]) {
      expect(await backend.start({ ...HOURLY, requiredJobNames: [jobName] }, claim(), inTime())).toEqual({
        started: false,
        reason: "required-job",
        jobName,
        finishedUntil: null,
        neededUntil: null,
        mutual: false,
      });
    }
  });

  test("the lock has the id of the key, and the same key gets it again", async () => {
    const { idempotencyKey, lockId } = claim();
    expect((await started(backend, { idempotencyKey })).id).toBe(lockId);
    expect((await started(backend, { idempotencyKey })).id).toBe(lockId);
  });

  test("a plain null is a refusal too", async () => {
    once(server, /^POST/, { status: 200, headers: { "content-type": "application/json" }, body: "null" });
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({ started: false, reason: "unknown" });
  });

  test("a lost lock has its ending, and the holder that took it over", async () => {
    const lock = await started(backend);
    place.now += HOUR;
    await other.start({ ...HOURLY, retryInterval: 0 }, claim(), inTime());
    expect(await lossOn(backend.finish(lock, inTime()))).toEqual({
      ending: "taken-over",
      at: NOON + HOUR,
      holder: HOLDER,
    });
    const { active } = (await server.state(JOB)) ?? {};
    await other.interrupt({ jobName: JOB, id: active?.id ?? "", record: null }, inTime());
    const lost = backend.finish({ jobName: JOB, id: active?.id ?? "", record: null }, inTime());
    expect(await lossOn(lost)).toEqual({ ending: "interrupted", at: NOON + HOUR });
  });

  test("a job's state, and the jobs", async () => {
    expect(await backend.status(JOB, inTime())).toBeNull();
    expect(await backend.states(inTime())).toEqual({ jobs: [], damaged: [] });
    await backend.finish(await started(backend), inTime());
    place.now += HOUR;
    const { id } = await started(backend);
    expect((await backend.status(JOB, inTime()))?.state).toMatchObject({
      name: JOB,
      finishedUntil: toIso(NOON),
      active: { id, holder: HOLDER, intervalEndedAt: toIso(NOON + HOUR), idempotencyKey: null },
      history: [{ outcome: "finished" }],
    });
    expect(await backend.states(inTime())).toMatchObject({ jobs: [{ state: { name: JOB } }], damaged: [] });
  });

  test("a job of any name has a state, and the jobs come in as many parts as it takes", async () => {
    const names = [".", "..", "a/b", "healthcheck", "metrics", "openapi.json", "?x=1&name=y", "レポ📈", "z"].sort();
    const listing = await place.serve(ExplainingServer);
    const backend = await place.connect(listing.url);
    for (const name of names) await listing.write(name);
    expect((await backend.states(inTime())).jobs.map(({ state }) => state.name)).toEqual(names);
    for (const name of names) expect(await backend.status(name, inTime())).toMatchObject({ state: { name } });
    expect(await backend.status("b", inTime())).toBeNull();
  });

  test.each([
    ['{"jobs":[]}', { jobs: [], damaged: [] }],
    ['{"jobs":[],"next":"a"}', 'next is "a", not a name after a'],
    ['{"jobs":[],"next":7}', "next is 7, not a name after "],
    ['{"jobs":{}}', "jobs is {}, not a list"],
    ['{"jobs":[{}]}', "jobs[0].name is missing, not a non-empty string"],
    ['{"jobs":[],"damaged":["b","a"]}', { jobs: [], damaged: ["b", "a"] }],
    ['{"jobs":[],"damaged":[7]}', "damaged is [7], not a list of names"],
  ])("a list of %s is understood as %j", async (body, means) => {
    server.fault = () => ({ status: 200, headers: { "content-type": "application/json" }, body });
    const listed = backend.states(inTime());
    if (typeof means !== "string") return expect(await listed).toEqual(means);
    expect(await sentenceOf(listed)).toMatchObject({ code: "not-a-server", message: expect.stringContaining(means) });
  });

  test("the states of all jobs, by one request", async () => {
    await started(backend);
    const before = server.requests.length;
    expect(await backend.states(inTime())).toEqual({ jobs: [await backend.status(JOB, inTime())], damaged: [] });
    expect(server.requests.slice(before).map(({ path }) => path)).toHaveLength(2);
  });

  test("the states of all jobs, from a server that lists them in parts", async () => {
    const part = (name: string, next: string | null) => ({
      status: 200,
      body: JSON.stringify({ jobs: [{ name, lock: null, lastFinished: null, history: [] }], next }),
    });
    server.fault = ({ path }) => (path === "/?limit=500" ? part("a b", "a b") : part("c", null));
    expect((await backend.states(inTime())).jobs.map(({ state }) => state.name)).toEqual(["a b", "c"]);
    expect(server.requests.at(-1)?.path).toBe("/?limit=500&after=a+b");
    server.fault = () => part("a b", "a b");
    const error = await sentenceOf(backend.states(inTime()));
    expect(error).toMatchObject({ code: "not-a-server" });
    expect(error.message).toContain('next is "a b", not a name after a b');
  });

  test("a start that was given up is released; one that comes later takes nothing", async () => {
    const { id } = await started(backend);
    expect(await other.abandon({ jobName: JOB, id, record: null }, inTime())).toBe(true);
    const late = claim();
    expect(await other.abandon({ jobName: JOB, id: late.lockId, record: null }, inTime())).toBe(false);
    for (const lockId of [id, late.lockId]) {
      const error = await sentenceOf(backend.start(HOURLY, { ...late, lockId }, inTime()));
      expect(error).toMatchObject({ code: "request-refused", effect: "none" });
      expect(error.message).toMatch(/refused the request \(400: lockId .* cannot be granted again/);
    }
    expect((await server.state(JOB))?.active).toBeNull();
  });

  test("a lost start that another run took over meanwhile is not called granted", async () => {
    let takeover: Promise<unknown> | undefined;
    server.fault = () => {
      const nth = server.requests.length;
      if (nth === 1) return { cut: "after" };
      if (nth !== 2) return undefined;
      takeover = other.start({ ...HOURLY, retryInterval: 0 }, claim(), inTime());
      return { after: takeover };
    };
    const start = backend.start(HOURLY, claim(), inTime());
    expect(await sentenceOf(start)).toMatchObject({ code: "request-refused", effect: "possible" });
    expect(await takeover).toHaveProperty("started", true);
  });
});

describe("an earlier try that may come later, to a server that explains itself", () => {
  test("takes nothing, once the start was refused", async () => {
    const held = await started(other);
    once(server, /^POST/, { status: 504 });
    const late = claim();
    expect(await backend.start(HOURLY, late, inTime())).toMatchObject({ started: false, reason: "active" });
    await other.interrupt(held, inTime());
    // The request that the gateway held back arrives now.
    await sentenceOf(other.start(HOURLY, late, inTime()));
    expect((await server.state(JOB))?.active).toBeNull();
  });

  test("is an error that names the lock, where its release fails", async () => {
    await started(other);
    const { deadline, pass } = endingDeadline();
    let abandons = 0;
    server.fault = ({ path }) => {
      if (path.endsWith("abandon")) {
        if (++abandons === 2) pass();
        return { status: 504 };
      }
      return server.requests.length === 2 ? { status: 504 } : undefined;
    };
    const error = await sentenceOf(backend.start(HOURLY, claim(), deadline));
    expect(error).toMatchObject({ code: "start-unsettled", effect: "possible", cause: { code: "unreachable" } });
    expect(actionMessage(error)).toMatch(
      /was refused, but an earlier attempt .* may still take the lock, since .* answered 504: set retry-interval/,
    );
  });

  test("an end is not done while it is unknown whether the end or a takeover ended the run", async () => {
    const lock = await started(backend);
    let takeover: Promise<unknown> | undefined;
    /** Finishes the run. The deadline passes at the second request for the job's state. */
    const finish = () => {
      const { deadline, pass } = endingDeadline();
      let reads = 0;
      server.fault = ({ method, path }) => {
        if (method === "GET") {
          if (++reads === 2) pass();
          return { status: 503 };
        }
        if (takeover !== undefined || !path.endsWith("finish")) return undefined;
        takeover = other.start({ ...HOURLY, retryInterval: 0 }, claim(), inTime());
        return { after: takeover, status: 502 };
      };
      return backend.finish(lock, deadline);
    };
    expect(await sentenceOf(finish())).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(await takeover).toHaveProperty("started", true);
    // This call lost no answer, so the lock is lost. A Job remembers the earlier call: job.test.ts.
    const lost = await finish().catch((error) => error);
    expect(lost).toBeInstanceOf(LockLostError);
    expect(lost).toMatchObject({ loss: { ending: "unknown" }, cause: { code: "unreachable" } });
  });
});
