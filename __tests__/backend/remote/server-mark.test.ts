import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type HeldLock, LockLostError, type Started } from "../../../src/backend/job-backend.ts";
import { lockIdOf } from "../../../src/backend/lock-id.ts";
import { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR } from "../../../src/scheduler/instant.ts";
import type { StartRequest } from "../../../src/scheduler/start-request.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import { ExplainingServer } from "../../../testing/servers/explaining-server.ts";
import { OriginalServer, type ReceivedRequest, type ServerAnswer } from "../../../testing/servers/original-server.ts";

const HOURLY: StartRequest = { jobName: "report", jobInterval: HOUR };
const JSON_TYPE = { "content-type": "application/json" };

/** Answers that a proxy may send in place of a server. */
const PROXY_ANSWERS: [what: string, answer: ServerAnswer][] = [
  ["an empty 200", { status: 200 }],
  ["null", { status: 200, headers: JSON_TYPE, body: "null" }],
  ["cut JSON", { status: 200, headers: JSON_TYPE, body: '{"id":"6f1c9e0e-6a34' }],
  ["another JSON", { status: 200, headers: JSON_TYPE, body: '{"ok":true}' }],
  ["a page", { status: 200, headers: { "content-type": "text/html" }, body: "<h1>Log in</h1>" }],
  ["a 404", { status: 404, headers: { "content-type": "text/html" }, body: "<h1>Not found</h1>" }],
  ["a 403", { status: 403, headers: { "content-type": "text/html" }, body: "<h1>Blocked</h1>" }],
  ["a 409", { status: 409, headers: JSON_TYPE, body: '{"message":"Conflict"}' }],
];

/** A proxy answers in the place of this server, after the server has carried the request out, or instead of it. */
class BehindProxy extends ExplainingServer {
  instead: ServerAnswer = { status: 200 };
  /** @returns whether the proxy answers this request, and whether the server gets it. */
  intercepts: (received: ReceivedRequest) => "after" | "instead" | null = () => null;

  protected override async answer(received: ReceivedRequest): Promise<ServerAnswer> {
    const when = this.intercepts(received);
    if (when === "instead") return this.instead;
    const answer = await super.answer(received);
    return when === "after" ? this.instead : answer;
  }
}

let server: BehindProxy;
let backend: RemoteBackend;
let marks: number;
const closing: (() => Promise<unknown>)[] = [];

function connect({ isMarked = false, url = server.url } = {}): RemoteBackend {
  const onMark = () => {
    marks++;
  };
  const opened = new RemoteBackend({
    address: url,
    credentials: { kind: "none" },
    userAgent: "cronyx-test",
    log: () => {},
    isMarked,
    onMark,
  });
  closing.unshift(() => opened.close());
  return opened;
}

beforeEach(async () => {
  jest.spyOn(Math, "random").mockReturnValue(0.02);
  marks = 0;
  server = new BehindProxy();
  await server.listen();
  closing.push(() => server.close());
  backend = connect();
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

const inTime = (ms = 5_000) => deadlineIn(ms);
const activeNow = async () => (await server.state(HOURLY.jobName))?.active ?? null;

function start(by = backend, deadline = inTime()) {
  const idempotencyKey = randomUUID();
  return by.start(HOURLY, { idempotencyKey, lockId: lockIdOf(idempotencyKey), holder: null }, deadline);
}

async function startedLock(by = backend): Promise<HeldLock> {
  return ((await start(by)) as Started).lock as HeldLock;
}

test("the first answer with the mark is reported, once", async () => {
  await startedLock();
  await start();
  expect(marks).toBe(1);
  await start(connect({ isMarked: true }));
  expect(marks).toBe(1);
});

describe.each(PROXY_ANSWERS)("%s of a proxy, once the server has shown its mark", (_, instead) => {
  beforeEach(() => {
    server.instead = instead;
  });

  test.each(["after", "instead"] as const)("settles no start: it is sent again (%s the request)", async (when) => {
    await backend.states(inTime());
    let intercepted = 0;
    server.intercepts = ({ method }) => (method === "POST" && intercepted++ === 0 ? when : null);
    expect(await start()).toMatchObject({ started: true });
    expect(await activeNow()).not.toBeNull();
    expect(intercepted).toBe(2);
  });

  test.each(["after", "instead"] as const)("settles no end: it is sent again (%s the request)", async (when) => {
    const lock = await startedLock();
    let intercepted = 0;
    server.intercepts = ({ path }) => (path.endsWith("finish") && intercepted++ === 0 ? when : null);
    await backend.finish(lock, inTime());
    expect((await server.state(HOURLY.jobName))?.history[0]).toMatchObject({ id: lock.id, outcome: "finished" });
  });

  test("is an error with a possible effect, if the server's own answer never comes", async () => {
    const lock = await startedLock();
    server.intercepts = ({ path }) => (path.endsWith("finish") ? "instead" : null);
    const post = connect({ isMarked: true });
    const error = await failureOf(post.finish(lock, inTime(300)));
    expect(error).toMatchObject({ code: "proxy-answered", effect: "possible" });
    expect(error.message).toMatch(/did not answer itself: the answer \d+ lacks the header Cronyx-Server/);
    expect(await activeNow()).not.toBeNull();
  });
});

describe("a part of the server's own answer, which ends as HTTP says", () => {
  beforeEach(() => {
    server.instead = { status: 200, headers: { ...JSON_TYPE, "cronyx-server": "1" }, body: '{"id":"6f1c9e0e-6a34' };
  });

  test.each(["after", "instead"] as const)("settles no start: it is sent again (%s the request)", async (when) => {
    let intercepted = 0;
    server.intercepts = ({ method }) => (method === "POST" && intercepted++ === 0 ? when : null);
    const started = await start();
    expect(started).toMatchObject({ started: true });
    expect(await activeNow()).not.toBeNull();
    expect([intercepted, marks]).toEqual([2, 1]);
  });

  test("is an error with a possible effect, if no whole answer comes", async () => {
    const lock = await startedLock();
    server.intercepts = ({ path }) => (path.endsWith("finish") ? "after" : null);
    const error = await failureOf(backend.finish(lock, inTime(300)));
    expect(error).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(error.message).toContain("sent only a part of its answer");
  });
});

describe("before the server has shown its mark", () => {
  test.each(PROXY_ANSWERS)(
    "%s to a start leaves no lock behind, or is an error with a possible effect",
    async (_, instead) => {
      server.instead = instead;
      server.intercepts = ({ method }) => (method === "POST" ? "after" : null);
      const answer = await start().catch((error: unknown) => error);
      if (answer instanceof ServiceError) expect(answer.effect).toBe("possible");
      else expect([answer, await activeNow()]).toEqual([{ started: false, reason: "unknown" }, null]);
    },
  );

  test.each(PROXY_ANSWERS.slice(1))("%s to an end is an error with a possible effect", async (_, instead) => {
    const lock = await startedLock();
    server.instead = instead;
    server.intercepts = ({ path }) => (path.endsWith("finish") ? "instead" : null);
    expect(await failureOf(connect().finish(lock, inTime()))).toMatchObject({ effect: "possible" });
  });
});

describe("a call that an original server does not have", () => {
  const CALLS: [call: string, send: (lock: HeldLock, by: RemoteBackend) => Promise<unknown>][] = [
    ["renew", (lock, by) => by.renew(lock, inTime())],
    ["resume", (lock, by) => by.resume(lock, null, inTime())],
    ["skip", ({ jobName }, by) => by.skip(jobName, HOUR, inTime())],
  ];
  const PAGE = { status: 404, headers: { "content-type": "text/html" }, body: "<h1>Not found</h1>" };
  const OF_ORIGINAL = { status: 404, headers: { "content-type": "text/plain" }, body: "NOT_FOUND" };

  test.each(CALLS)("%s may have been carried out before a proxy's 404", async (call, send) => {
    const lock = await startedLock();
    server.instead = PAGE;
    server.intercepts = ({ path }) => (path.includes(`/${call}`) ? "after" : null);
    expect(await failureOf(send(lock, connect()))).toMatchObject({ code: "original-server", effect: "possible" });
  });

  test.each(CALLS)("%s may have been carried out by an earlier attempt", async (call, send) => {
    const lock = await startedLock();
    let attempts = 0;
    server.intercepts = ({ path }) => {
      if (!path.includes(`/${call}`)) return null;
      server.instead = attempts++ === 0 ? { status: 502 } : OF_ORIGINAL;
      return "after";
    };
    expect(await failureOf(send(lock, connect()))).toMatchObject({ code: "original-server", effect: "possible" });
    expect(attempts).toBe(2);
  });
});

test("a redirect to another origin may hide a request that was carried out, once the server has shown its mark", async () => {
  const lock = await startedLock();
  server.instead = { status: 302, headers: { location: "https://login.example/" } };
  server.intercepts = ({ path }) => (path.endsWith("finish") ? "after" : null);
  expect(await failureOf(backend.finish(lock, inTime()))).toMatchObject({ code: "redirected", effect: "possible" });
});

describe("a 404 with a message, about a lock that is active", () => {
  const CALLS: [call: string, send: (lock: HeldLock, by: RemoteBackend) => Promise<unknown>][] = [
    ["finish", (lock, by) => by.finish(lock, inTime())],
    ["interrupt", (lock, by) => by.interrupt(lock, inTime())],
    ["renew", (lock, by) => by.renew(lock, inTime())],
    ["resume", (lock, by) => by.resume(lock, null, inTime())],
  ];
  const OF_PROXY = { status: 404, headers: JSON_TYPE, body: '{"message":"no Route matched with those values"}' };

  test.each(CALLS)("of a proxy, to %s, is no lost lock", async (call, send) => {
    const lock = await startedLock();
    server.instead = OF_PROXY;
    server.intercepts = ({ path }) => (path.endsWith(call) ? "instead" : null);
    expect(await failureOf(send(lock, connect()))).toMatchObject({ code: "not-a-server", effect: "possible" });
  });

  test.each(CALLS.slice(0, 2))(
    "of a proxy, to %s, is no success, after an answer that was lost",
    async (call, send) => {
      const original = new OriginalServer();
      await original.listen();
      closing.push(() => original.close());
      const by = connect({ url: original.url });
      const lock = ((await start(by)) as Started).lock as HeldLock;
      let attempts = 0;
      original.fault = ({ path }) => {
        if (!path.endsWith(call)) return undefined;
        return attempts++ === 0 ? { status: 502 } : OF_PROXY;
      };
      expect(await failureOf(send(lock, by))).toMatchObject({ code: "not-a-server", effect: "possible" });
      expect((await original.state("report"))?.active).not.toBeNull();
    },
  );

  test.each(CALLS)("of a server with another database, to %s, is no lost lock", async (call, send) => {
    const lock = await startedLock();
    const body = '{"message":"Cannot find job lock for report","outcome":"unknown"}';
    server.instead = { status: 404, headers: { ...JSON_TYPE, "cronyx-server": "0.0.0" }, body };
    server.intercepts = ({ path }) => (path.endsWith(call) ? "instead" : null);
    const error = await failureOf(send(lock, connect()));
    expect(error).toMatchObject({ code: "not-a-server", effect: "possible" });
    expect(error.message).toMatch(/it answers that the lock \S+ is not active, and shows it as active/);
    expect(await activeNow()).not.toBeNull();
  });
});

describe("an answer about something else", () => {
  const other = {
    id: randomUUID(),
    name: "report",
    interval: HOUR,
    intervalStartedAt: "2026-11-24T04:00:00.000Z",
    intervalEndedAt: "2026-11-24T05:00:00.000Z",
    isActive: true,
    createdAt: "2026-11-24T05:00:12.567Z",
    updatedAt: "2026-11-24T05:00:12.567Z",
  };
  const answering = (body: object) => {
    server.instead = { status: 200, headers: { ...JSON_TYPE, "cronyx-server": "0.0.0" }, body: JSON.stringify(body) };
    server.intercepts = ({ method }) => (method === "GET" ? null : "after");
  };

  test("is no start: two callers could hold the lock of a repeated answer", async () => {
    answering(other);
    expect(await failureOf(start())).toMatchObject({ code: "not-a-server", effect: "possible" });
  });

  test.each([".", ".."])("is no start: a path cannot have the lock id %j", async (id) => {
    const original = new OriginalServer();
    await original.listen();
    closing.push(() => original.close());
    original.fault = () => ({ status: 200, headers: JSON_TYPE, body: JSON.stringify({ ...other, id }) });
    const by = connect({ url: original.url });
    expect(await failureOf(start(by))).toMatchObject({ code: "not-a-server", effect: "possible" });
  });

  test("is no start: an instant after which no retry interval can be counted", async () => {
    const idempotencyKey = randomUUID();
    const lockId = lockIdOf(idempotencyKey);
    const end = "9999-12-31T23:59:59.999Z";
    answering({ ...other, id: lockId, createdAt: end, updatedAt: end });
    const started = backend.start(
      { ...HOURLY, retryInterval: HOUR },
      { idempotencyKey, lockId, holder: null },
      inTime(),
    );
    expect(await failureOf(started)).toMatchObject({ code: "not-a-server", effect: "possible" });
  });

  test("is neither a renewal nor a resumption", async () => {
    const lock = await startedLock();
    answering(other);
    expect(await failureOf(backend.renew(lock, inTime()))).toMatchObject({ code: "not-a-server", effect: "possible" });
    const resumed = backend.resume(lock, null, inTime());
    expect(await failureOf(resumed)).toMatchObject({ code: "not-a-server", effect: "possible" });
  });

  test.each([
    ["another job", "orders", "2026-11-24T05:00:00.000Z"],
    ["another instant", "report", "2026-11-24T04:00:00.000Z"],
    ["no progress", "report", null],
  ])("is no skip: %s", async (_, name, intervalEndedAt) => {
    const lastFinished = intervalEndedAt && { intervalEndedAt, endedAt: null, runUrl: null };
    answering({ name, lock: null, lastFinished, history: [] });
    const skipped = backend.skip("report", Date.parse("2026-11-24T05:00:00.000Z"), inTime());
    expect(await failureOf(skipped)).toMatchObject({ code: "not-a-server", effect: "possible" });
  });
});

test("each attempt gets a new token: GitHub's expire before the deadline of an end", async () => {
  let tokens = 0;
  const by = new RemoteBackend({
    address: server.url,
    credentials: { kind: "bearer", token: async () => `token-${++tokens}` },
    userAgent: "cronyx-test",
    log: () => {},
  });
  closing.unshift(() => by.close());
  let attempts = 0;
  server.fault = () => (attempts++ === 0 ? { status: 503 } : undefined);
  await by.states(inTime());
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
});

describe("required jobs", () => {
  const requiring = { ...HOURLY, requiredJobNames: ["orders of a/b", "plain"] };
  const key = randomUUID();
  const claim = { idempotencyKey: key, lockId: lockIdOf(key), holder: null };
  const sentNames = ({ requests }: OriginalServer) =>
    JSON.parse(requests.find(({ method }) => method === "POST")?.body ?? "{}").requiredJobNames;

  test("have the names that this project's server keeps", async () => {
    await backend.start(requiring, claim, inTime());
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /healthcheck",
      "POST /report?explain=true",
    ]);
    expect(sentNames(server)).toEqual(requiring.requiredJobNames);
  });

  test("have the names that an original server keeps, where they match", async () => {
    const original = new OriginalServer();
    await original.listen();
    closing.push(() => original.close());
    const by = connect({ url: original.url });
    for (const jobName of requiring.requiredJobNames) {
      const { lock } = (await by.start({ ...HOURLY, jobName }, claim, inTime())) as Started;
      await by.finish(lock as HeldLock, inTime());
    }
    original.requests.length = 0;
    await by.start(requiring, claim, inTime());
    expect(sentNames(original)).toEqual(["orders%20of%20a%2Fb", "plain"]);
  });

  test("cause no health check where all names are plain", async () => {
    await backend.start({ ...HOURLY, requiredJobNames: ["orders"] }, claim, inTime());
    expect(server.requests).toHaveLength(1);
  });
});

describe("an end after a lost answer", () => {
  test("of a lock that the server does not know is lost, since its database may have been restored", async () => {
    const lock = { jobName: "report", id: randomUUID(), record: null };
    let attempts = 0;
    server.fault = ({ path }) => (path.endsWith("finish") && attempts++ === 0 ? { status: 502 } : undefined);
    const error = await backend.finish(lock, inTime()).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LockLostError);
    expect(error).toMatchObject({ loss: { ending: "unknown" } });
  });

  test("is done on an original server, which does not say how a lock ended", async () => {
    const original = new OriginalServer();
    await original.listen();
    closing.push(() => original.close());
    const by = connect({ url: original.url });
    const lock = ((await start(by)) as Started).lock as HeldLock;
    let attempts = 0;
    original.fault = ({ path }) => (path.endsWith("finish") && attempts++ === 0 ? { cut: "after" } : undefined);
    await by.finish(lock, inTime());
    expect((await original.state("report"))?.history[0]?.outcome).toBe("finished");
  });
});
