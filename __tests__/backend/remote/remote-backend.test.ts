import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import { type Claim, type HeldLock, LockLostError, type Started } from "../../../src/backend/job-backend.ts";
import { lockIdOf } from "../../../src/backend/lock-id.ts";
import { openBackend } from "../../../src/backend/open-backend.ts";
import type { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import type { Credentials } from "../../../src/backend/remote/server-connection.ts";
import { ArgumentError } from "../../../src/errors/argument-error.ts";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { parseLocation } from "../../../src/location/location.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, type Instant, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";
import { ExplainingServer } from "../../../testing/servers/explaining-server.ts";
import { OriginalServer, type ServerFault } from "../../../testing/servers/original-server.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const JOB = "report of a/b?c#d%é";
const HOURLY = { jobName: JOB, jobInterval: HOUR };
const HOLDER = {
  repository: "octo-org/reports",
  job: "日報",
  runUrl: "https://github.com/octo-org/reports/actions/runs/1",
};
const NONE: Credentials = { kind: "none" };

let now: Instant;
let server: OriginalServer;
let backend: RemoteBackend;
let log: string[];
const closing: (() => Promise<unknown>)[] = [];

async function serve<Server extends OriginalServer>(kind: new () => Server): Promise<Server> {
  const listening = await new kind().listen();
  listening.now = () => now;
  closing.push(() => listening.close());
  return listening;
}

async function open(url: string, credentials: Credentials = NONE): Promise<RemoteBackend> {
  const options = {
    token: "ghs_token",
    credentials,
    userAgent: "cronyx-test",
    env: {},
    temporary: tmpdir(),
    now: () => now,
  };
  const opened = await openBackend(parseLocation(url), { ...options, log: (line) => log.push(line) });
  closing.push(() => opened.close());
  return opened as RemoteBackend;
}

beforeEach(async () => {
  // The jitter of the waits between attempts: a fiftieth of each wait.
  jest.spyOn(Math, "random").mockReturnValue(0.02);
  now = NOON;
  log = [];
  server = await serve(OriginalServer);
  backend = await open(server.url);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(closing.splice(0).map((close) => close()));
});

const inTime = () => deadlineIn(10_000);
const claim = ({ idempotencyKey = randomUUID(), ...more }: Partial<Claim> = {}): Claim => ({
  idempotencyKey,
  lockId: lockIdOf(idempotencyKey),
  holder: HOLDER,
  ...more,
});

async function started(by = backend, more: Partial<Claim> = {}): Promise<HeldLock> {
  const answer = await by.start(HOURLY, claim(more), inTime());
  expect(answer).toMatchObject({ started: true, lock: expect.anything() });
  return (answer as Started).lock as HeldLock;
}

async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  const error = await call.then(
    (answer) => answer,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ServiceError);
  expect((error as Error).message).not.toMatch(/[.!?] [A-Z]|\n/);
  return error as ServiceError;
}

const lossOf = (ending: Promise<unknown>) =>
  ending.then(
    () => "no loss",
    (error: unknown) => {
      expect(error).toBeInstanceOf(LockLostError);
      return (error as LockLostError).loss;
    },
  );

/** Sets a fault for the first request of this kind. */
function once(kind: RegExp, fault: ServerFault, whom = server): void {
  whom.fault = ({ method, path }) => {
    if (!kind.test(`${method} ${path}`)) return undefined;
    whom.fault = () => undefined;
    return fault;
  };
}

const asked = (whom = server) => whom.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`);

describe("with an original server", () => {
  test("a start is granted and finished under the name in the request", async () => {
    const answer = await backend.start(HOURLY, claim(), inTime());
    const id = (answer as Started).lock?.id;
    expect(answer).toEqual({
      started: true,
      jobName: JOB,
      intervalStartedAt: NOON - HOUR,
      intervalEndedAt: NOON,
      createdAt: NOON,
      updatedAt: NOON,
      lock: { jobName: JOB, id: expect.stringMatching(/^[0-9a-f-]{36}$/), record: null },
      behind: null,
      skipped: null,
      takenOver: null,
    });
    await backend.finish((answer as Started).lock as HeldLock, inTime());
    expect(asked()).toEqual([`POST /${JOB}?explain=true`, `PUT /${JOB}/${id}/finish`]);
    expect((await server.state(encodeURIComponent(JOB)))?.finishedUntil).toBe(toIso(NOON));
  });

  test("the body has only fields that it takes, and the additions are in headers", async () => {
    const request = {
      ...HOURLY,
      jobInterval: { hours: 1 },
      startBuffer: 1_000,
      retryInterval: { minutes: 5 },
      requiredJobNames: ["other"],
      timezone: "Europe/London",
    };
    const { jobName: _, ...body } = request;
    const own = claim();
    await backend.start(request, own, inTime());
    await backend.start(HOURLY, claim({ idempotencyKey: "key/of:mine" }), inTime());
    const [first, second] = server.requests.filter(({ method }) => method === "POST");
    expect(JSON.parse(first?.body ?? "")).toEqual(body);
    expect(JSON.parse(second?.body ?? "")).toEqual({ jobInterval: HOUR });
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
      "idempotency-key": own.idempotencyKey,
      "cronyx-holder": encodeURIComponent(JSON.stringify(HOLDER)),
    });
    expect(first?.headers).not.toHaveProperty("authorization");
    expect(second?.headers["idempotency-key"]).toBe("key/of:mine");
  });

  test("a refusal has no reason", async () => {
    await started();
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({ started: false, reason: "unknown" });
  });

  test("a start without lock has no id, and chooses its interval", async () => {
    const jobIntervalStartedAt = NOON - 5 * HOUR;
    const answer = await backend.start({ ...HOURLY, noLock: true, jobIntervalStartedAt }, claim(), inTime());
    expect(answer).toMatchObject({ started: true, intervalStartedAt: jobIntervalStartedAt, lock: null });
    expect(JSON.parse(server.requests[0]?.body ?? "")).toMatchObject({
      noLock: true,
      jobIntervalStartedAt: toIso(NOON - 5 * HOUR),
    });
  });

  test("an interrupt frees the interval; an end that comes too late has lost the lock", async () => {
    const lock = await started();
    await backend.interrupt(lock, inTime());
    const again = await started();
    expect(await lossOf(backend.finish(lock, inTime()))).toEqual({ ending: "unknown" });
    await backend.finish(again, inTime());
  });

  test("a call that it does not have is an error", async () => {
    const lock = { jobName: JOB, id: randomUUID(), record: null };
    const abandoning = await failureOf(backend.abandon(lock, inTime()));
    expect(abandoning).toMatchObject({ code: "original-server", effect: "possible" });
    expect(actionMessage(abandoning)).toMatch(
      /cannot give up the start of "report .*", being an original CronyxServer \(404\), so its lock may stay until .*: set retry-interval/,
    );
    for (const call of [() => backend.status(JOB, inTime()), () => backend.states(inTime())]) {
      const error = await failureOf(call());
      expect(error).toMatchObject({ code: "original-server", effect: "none" });
      expect(error.message).toMatch(/does not show its jobs, being an original CronyxServer \(404\)/);
    }
  });

  test("a path before its routes, and a slash at the end, are part of its address", async () => {
    for (const end of ["", "/", "//"]) {
      await failureOf((await open(`${server.url}/team/locks${end}`)).start(HOURLY, claim(), inTime()));
    }
    expect(asked()).toEqual(Array(3).fill(`POST /team/locks/${JOB}?explain=true`));
  });

  test("a wrong request is an error before anything is sent", async () => {
    let taking = false;
    const beforeTaking = () => {
      taking = true;
    };
    for (const request of [
      { ...HOURLY, jobInterval: "0 0 31 2 *" },
      { ...HOURLY, timezone: "Mars/Olympus" },
      { ...HOURLY, jobName: ".." },
    ]) {
      const start = backend.start(request, claim({ beforeTaking }), inTime());
      await expect(start).rejects.toThrow(ArgumentError);
    }
    expect([asked(), taking]).toEqual([[], false]);
  });
});

describe("with a server that explains itself", () => {
  let other: RemoteBackend;
  beforeEach(async () => {
    server = await serve(ExplainingServer);
    [backend, other] = [await open(server.url), await open(server.url)];
  });

  test("a lock that is held: by whom, since when, until when", async () => {
    const { id } = await started(other);
    now += 10 * MINUTE;
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
    await backend.finish(await started(), inTime());
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({
      started: false,
      reason: "not-due",
      dueAt: NOON + HOUR,
    });
    now += HOUR;
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
    once(/^POST/, { status: 200, headers: { "content-type": "application/json" }, body: "null" });
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({ started: false, reason: "unknown" });
  });

  test("a lost lock has its ending, and the holder that took it over", async () => {
    const lock = await started();
    now += HOUR;
    await other.start({ ...HOURLY, retryInterval: 0 }, claim(), inTime());
    expect(await lossOf(backend.finish(lock, inTime()))).toEqual({
      ending: "taken-over",
      at: NOON + HOUR,
      holder: HOLDER,
    });
    const { active } = (await server.state(JOB)) ?? {};
    await other.interrupt({ jobName: JOB, id: active?.id ?? "", record: null }, inTime());
    const lost = backend.finish({ jobName: JOB, id: active?.id ?? "", record: null }, inTime());
    expect(await lossOf(lost)).toEqual({ ending: "interrupted", at: NOON + HOUR });
  });

  test("a job's state, and the jobs", async () => {
    expect(await backend.status(JOB, inTime())).toBeNull();
    expect(await backend.states(inTime())).toEqual({ jobs: [], damaged: [] });
    await backend.finish(await started(), inTime());
    now += HOUR;
    const { id } = await started();
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
    const listing = await serve(ExplainingServer);
    const backend = await open(listing.url);
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
    expect(await failureOf(listed)).toMatchObject({ code: "not-a-server", message: expect.stringContaining(means) });
  });

  test("the states of all jobs, by one request", async () => {
    await started();
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
    const error = await failureOf(backend.states(inTime()));
    expect(error).toMatchObject({ code: "not-a-server" });
    expect(error.message).toContain('next is "a b", not a name after a b');
  });

  test("a start that was given up is released; one that comes later takes nothing", async () => {
    const { id } = await started();
    expect(await other.abandon({ jobName: JOB, id, record: null }, inTime())).toBe(true);
    const late = claim();
    expect(await other.abandon({ jobName: JOB, id: late.lockId, record: null }, inTime())).toBe(false);
    for (const lockId of [id, late.lockId]) {
      const error = await failureOf(backend.start(HOURLY, { ...late, lockId }, inTime()));
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
    expect(await failureOf(start)).toMatchObject({ code: "request-refused", effect: "possible" });
    expect(await takeover).toHaveProperty("started", true);
  });
});

describe("an earlier try that may come later, to a server that explains itself", () => {
  let server: ExplainingServer;
  let backend: RemoteBackend;
  let other: RemoteBackend;

  beforeEach(async () => {
    server = await serve(ExplainingServer);
    [backend, other] = [await open(server.url), await open(server.url)];
  });

  test("takes nothing, once the start was refused", async () => {
    const held = await started(other);
    once(/^POST/, { status: 504 }, server);
    const late = claim();
    expect(await backend.start(HOURLY, late, inTime())).toMatchObject({ started: false, reason: "active" });
    await other.interrupt(held, inTime());
    // The request that the gateway held back arrives now.
    await failureOf(other.start(HOURLY, late, inTime()));
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
    const error = await failureOf(backend.start(HOURLY, claim(), deadline));
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
    expect(await failureOf(finish())).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(await takeover).toHaveProperty("started", true);
    // This call lost no answer, so the lock is lost. A Job remembers the earlier call: job.test.ts.
    const lost = await finish().catch((error) => error);
    expect(lost).toBeInstanceOf(LockLostError);
    expect(lost).toMatchObject({ loss: { ending: "unknown" }, cause: { code: "unreachable" } });
  });
});

const LOST: [what: string, fault: ServerFault][] = [
  ["cut after it was done", { cut: "after" }],
  ["cut within its answer", { cut: "within" }],
];
const NEVER_CAME: [what: string, fault: ServerFault][] = [
  ["cut before it was done", { cut: "before" }],
  ...[408, 425, 429, 500, 502, 503, 504].map((status): [string, ServerFault] => [`answered ${status}`, { status }]),
];

describe.each([
  ["an original server", OriginalServer],
  ["a server that explains itself", ExplainingServer],
])("faults, with %s", (_, kind) => {
  beforeEach(async () => {
    server = await serve(kind);
    backend = await open(server.url);
  });

  test.each(NEVER_CAME)("a start that is %s is sent again, with the same key", async (_, fault) => {
    once(/^POST/, fault);
    await started();
    const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(log).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ .*; trying again in .* left\)$/)]);
  });

  test.each(LOST)("a start that is %s holds one lock, or is an error", async (_, fault) => {
    once(/^POST/, fault);
    const call = claim();
    if (kind === ExplainingServer) {
      expect((await started(backend, call)).id).toBe(call.lockId);
    } else {
      const error = await failureOf(backend.start(HOURLY, call, inTime()));
      expect(error).toMatchObject({ code: "start-unsettled", effect: "possible" });
      expect(actionMessage(error)).toMatch(
        /the answer to an earlier attempt was lost, so that attempt may have taken the lock: set retry-interval/,
      );
    }
    expect(asked().filter((request) => request.startsWith("POST"))).toHaveLength(2);
    expect((await server.state(kind === ExplainingServer ? JOB : encodeURIComponent(JOB)))?.active).not.toBeNull();
  });

  test.each(LOST)("a start without lock that is %s leaves nothing open", async (_, fault) => {
    await started();
    once(/^POST/, fault);
    const answer = await backend.start({ ...HOURLY, noLock: true }, claim(), inTime());
    expect(answer).toMatchObject({ started: false, reason: kind === ExplainingServer ? "active" : "unknown" });
  });

  test.each([...NEVER_CAME, ...LOST])("a finish that is %s is done, once", async (_, fault) => {
    const lock = await started();
    once(/finish$/, fault);
    await backend.finish(lock, inTime());
    const state = await server.state(kind === ExplainingServer ? JOB : encodeURIComponent(JOB));
    expect(state).toMatchObject({ active: null, finishedUntil: toIso(NOON) });
  });

  test.each([429, 408])("an end that is answered %i first, and then 404, has lost its lock", async (status) => {
    const lock = await started();
    await backend.interrupt(lock, inTime());
    once(/finish$/, { status });
    expect(await lossOf(backend.finish(lock, inTime()))).toHaveProperty(
      "ending",
      kind === ExplainingServer ? "interrupted" : "unknown",
    );
  });
});

describe("patience", () => {
  test("ends at once when Retry-After is beyond the deadline", async () => {
    server.fault = () => ({ status: 503, headers: { "retry-after": "3600" } });
    const error = await failureOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(actionMessage(error)).toMatch(/ answered 503: check the input url and the network/);
    expect(asked()).toHaveLength(1);
  });

  test("waits as long as Retry-After says", async () => {
    server.fault = () => ({ status: 429, headers: { "retry-after": "30" } });
    const { deadline, pass } = endingDeadline();
    const start = failureOf(backend.start(HOURLY, claim(), deadline));
    while (log.length === 0) await nextTurn();
    expect(log).toEqual([expect.stringContaining("; trying again in 30 s (attempt 2")]);
    pass();
    await start;
    expect(asked()).toHaveLength(1);
  });

  test("ends at the deadline", async () => {
    const { deadline, pass } = endingDeadline();
    server.fault = () => {
      pass();
      return { after: new Promise(() => {}) };
    };
    expect(await failureOf(backend.start(HOURLY, claim(), deadline))).toMatchObject({ effect: "possible" });
  });

  test("covers a server that is not there, and then the effect is none", async () => {
    await server.close();
    closing.shift();
    const { deadline, pass } = endingDeadline();
    const start = failureOf(backend.start(HOURLY, claim(), deadline));
    while (log.length < 2) await nextTurn();
    pass();
    const error = await start;
    expect(error).toMatchObject({ code: "unreachable", effect: "none" });
    expect(error.message).toMatch(/ECONNREFUSED/);
  });
});

describe("each error has a sentence of its own", () => {
  const html = { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html><p>Log in" };
  const jsonly = { status: 200, headers: { "content-type": "application/json" } };
  const JOBLIKE = { id: "1", name: "x", intervalStartedAt: toIso(NOON - HOUR), intervalEndedAt: toIso(NOON) };
  const ERRORS: [what: string, fault: ServerFault, code: string, says: RegExp][] = [
    ["401", { status: 401 }, "login-missing", /asks for credentials \(401\): set the inputs username and password/],
    [
      "403",
      { status: 403, headers: jsonly.headers, body: '{"message":"This repository may not start it."}' },
      "rules-forbid",
      /does not allow this \(403: This repository may not start it\): let the server's rules allow/,
    ],
    [
      "404",
      { status: 404, body: "NOT_FOUND" },
      "not-a-server",
      /does not answer as a CronyxServer \(it answered 404 to a start\)/,
    ],
    [
      "a page",
      html,
      "not-a-server",
      /does not answer as a CronyxServer \(its answer is text\/html, not JSON\): check the input url/,
    ],
    ["nothing known", { status: 200, body: "OK" }, "not-a-server", /its answer is of no content type, not JSON/],
    ["a list", { ...jsonly, body: "[]" }, "not-a-server", /its answer is \[\], not an object/],
    ["another JSON", { ...jsonly, body: '{"ok":true}' }, "not-a-server", /id is missing, not a non-empty string/],
    [
      "half a job",
      { ...jsonly, body: JSON.stringify(JOBLIKE) },
      "not-a-server",
      /createdAt is missing, not an instant/,
    ],
    [
      "a lock without id",
      { ...jsonly, body: JSON.stringify({ ...JOBLIKE, id: null }) },
      "not-a-server",
      /id is null, not a non-empty string/,
    ],
    [
      "a refusal of it",
      { ...jsonly, status: 413, body: '{"message":"Too long"}' },
      "request-refused",
      /refused the request \(413: Too long\)/,
    ],
    ["another status", { status: 418 }, "not-a-server", /does not answer as a CronyxServer \(it answered 418\)/],
    ["a redirect to nowhere", { status: 302 }, "not-a-server", /does not answer as a CronyxServer \(it answered 302\)/],
    [
      "a redirect that leaves http",
      { status: 307, headers: { location: "file:///etc/passwd" } },
      "redirected",
      /redirects to file:\/\/\/etc\/passwd, which gets neither request nor credentials: set the input url/,
    ],
  ];
  test.each(ERRORS)("%s", async (_, fault, code, says) => {
    server.fault = () => fault;
    const error = await failureOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code, effect: code === "not-a-server" ? "possible" : "none" });
    expect(actionMessage(error)).toMatch(says);
    expect(error.message.startsWith(server.url)).toBe(true);
    expect(asked()).toHaveLength(1);
  });

  test("an end that meets with a page is not taken for done, nor for lost", async () => {
    const lock = await started();
    for (const fault of [html, { ...html, status: 404 }]) {
      server.fault = () => fault;
      expect(await failureOf(backend.finish(lock, inTime()))).toMatchObject({ code: "not-a-server" });
    }
  });

  test("a refusal after an answer that was lost leaves open what the first try did", async () => {
    server.fault = () => (server.requests.length === 1 ? { cut: "after" } : { status: 401 });
    expect(await failureOf(backend.start(HOURLY, claim(), inTime()))).toMatchObject({
      code: "login-missing",
      effect: "possible",
    });
  });
});

describe("credentials", () => {
  const basic: Credentials = { kind: "basic", username: "mé", password: "pa ß" };

  test("a login is sent, and a wrong one refused", async () => {
    server.login = "mé:pa ß";
    await started(await open(server.url, basic));
    const wrong = await open(server.url, { ...basic, password: "hunter2" });
    const error = await failureOf(wrong.start(HOURLY, claim(), inTime()));
    expect(error.message).toMatch(/refused the username and password \(401\)/);
    expect(JSON.stringify([error.message, log])).not.toContain("hunter2");
  });

  test("each call requests a new token", async () => {
    let tokens = 0;
    const backend = await open(server.url, { kind: "bearer", token: async () => `token-${++tokens}` });
    await backend.finish(await started(backend), inTime());
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
    server.fault = () => ({ status: 401 });
    const error = await failureOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code: "bearer-token-refused" });
    expect(actionMessage(error)).toMatch(/refused the token \(401\): set the input oidc-audience/);
  });

  test("stay with the server that they are for, as does the request", async () => {
    const elsewhere = await serve(OriginalServer);
    server.fault = () => ({ status: 307, headers: { location: `${elsewhere.url}/report` } });
    const error = await failureOf((await open(server.url, basic)).start(HOURLY, claim(), inTime()));
    expect(error.message).toContain(`redirects to ${elsewhere.url}, which gets neither request nor credentials`);
    expect(elsewhere.requests).toEqual([]);
  });

  test("go along when a server redirects to itself", async () => {
    once(/^POST/, { status: 308, headers: { location: "/moved" } });
    await started(await open(server.url, basic));
    const [first, second] = server.requests;
    expect(second).toMatchObject({ method: "POST", path: "/moved", body: first?.body });
    expect(second?.headers.authorization).toBe(first?.headers.authorization);
  });
});

describe("a TLS failure has the code of its cause, and is not tried again", () => {
  test("a port that speaks no TLS", async () => {
    const backend = await open(server.url.replace("http:", "https:"));
    const error = await failureOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code: "tls-failed", effect: "none" });
    expect(actionMessage(error)).toMatch(
      /made no TLS connection \(E\w+\): check that the port in the input url is one for https/,
    );
    expect(log).toEqual([]);
  });
});
