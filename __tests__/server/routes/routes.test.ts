import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lockIdOf } from "../../../src/backend/lock-id.ts";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import { NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

const HOURLY = { jobInterval: HOUR };
const HOLDER = {
  repository: "octo-org/reports",
  runId: "7",
  attempt: "1",
  job: "report",
  runUrl: "https://github.com/octo-org/reports/actions/runs/7",
};
const holding = (holder: unknown) => ({ "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) });

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

async function startedId(path: string, body: unknown = HOURLY): Promise<string> {
  const answer = await server.start(path, body);
  expect(answer).toMatchObject({ status: 200, json: { id: expect.any(String) } });
  return (answer.json as { id: string }).id;
}

describe("a start", () => {
  test("is granted with the whole job", async () => {
    const answer = await server.start("/report", HOURLY);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: "report",
      interval: HOUR,
      intervalStartedAt: toIso(NOON - HOUR),
      intervalEndedAt: toIso(NOON),
      isActive: true,
      createdAt: toIso(NOON),
      updatedAt: toIso(NOON),
    });
  });

  test("that is not granted is null, in JSON", async () => {
    await startedId("/report");
    const answer = await server.start("/report", HOURLY);
    expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([
      200,
      "null",
      "application/json; charset=utf-8",
    ]);
  });

  test("explains why it is not granted, with explain=true", async () => {
    const explain = async (body: unknown) => (await server.start("/report?explain=true", body)).json;
    const held = (await server.start("/report", HOURLY, holding(HOLDER))).json.id;
    const lock = { id: held, since: toIso(NOON), updatedAt: toIso(NOON), holder: HOLDER };
    expect(await explain(HOURLY)).toEqual({ started: false, reason: "active", ...lock, retryAt: null });
    const retryAt = toIso(NOON + MINUTE);
    expect(await explain({ ...HOURLY, retryInterval: MINUTE })).toMatchObject({ reason: "active", retryAt });

    const { id } = (await server.send("GET", "/report")).json.lock;
    await server.send("PUT", `/report/${id}/finish`);
    expect(await explain(HOURLY)).toEqual({ started: false, reason: "not-due", dueAt: toIso(NOON + HOUR) });
    server.clock.now += HOUR;
    expect(await explain({ ...HOURLY, requiredJobNames: ["orders"] })).toEqual({
      started: false,
      reason: "required-job",
      jobName: "orders",
      finishedUntil: null,
      neededUntil: null,
      mutual: false,
    });
    expect((await server.start("/report?explain=false", { ...HOURLY, requiredJobNames: ["orders"] })).text).toBe(
      "null",
    );
    expect(await explain(HOURLY)).toMatchObject({ name: "report", isActive: true });
  });

  test("without lock has no id, and leaves nothing", async () => {
    const noLock = { ...HOURLY, noLock: true };
    expect((await server.start("/report", noLock)).json).toMatchObject({ id: null, isActive: true });
    const jobIntervalStartedAt = "2026-01-01T09:00:00+09:00";
    expect((await server.start("/report", { ...noLock, jobIntervalStartedAt })).json).toMatchObject({
      intervalStartedAt: "2026-01-01T00:00:00.000Z",
    });
    expect((await server.send("GET", "/report")).status).toBe(404);
  });

  test("counts in the server's zone where it names none", async () => {
    await server.close();
    server = await runServer({ timezone: "Asia/Tokyo" });
    const daily = { jobInterval: "0 0 * * *" };
    expect((await server.start("/here", daily)).json).toMatchObject({ intervalStartedAt: "2026-11-23T15:00:00.000Z" });
    expect((await server.start("/there", { ...daily, timezone: "UTC" })).json).toMatchObject({
      intervalStartedAt: "2026-11-24T00:00:00.000Z",
    });
  });

  test("keeps intervals of over 24.8 days", async () => {
    for (const jobInterval of [{ days: 30 }, { months: 1 }, "0 0 1 1 *", 40 * 24 * HOUR]) {
      const name = encodeURIComponent(JSON.stringify(jobInterval));
      expect((await server.start(`/${name}`, { jobInterval })).json.interval).toBeGreaterThan(24.8 * 24 * HOUR);
    }
  });
});

describe("an idempotency key", () => {
  const KEY = "6f1c9e0e-6a34-4c0f-9a0c-0d1f7d1a2b3c";
  const key = (text: string) => ({ "idempotency-key": text });

  test("gives the lock its id, by which it ends without an answer, and which starts nothing", async () => {
    const { json } = await server.start("/report", HOURLY, key(KEY));
    expect(json.id).toBe("20f960bb-cfea-50e0-9cd2-24593b6e1f48");
    expect((await server.send("GET", "/report")).text).not.toContain(KEY);
    expect((await server.start("/report", HOURLY, key(json.id))).text).toBe("null");
    expect((await server.send("PUT", `/report/${lockIdOf(KEY)}/interrupt`)).status).toBe(200);
  });

  test.each([
    ["a UUID", KEY],
    ["a UUID in capital letters", KEY.toUpperCase()],
    ["another text", "run-7/step-3"],
    ["255 characters", "k".repeat(255)],
  ])("%s gives the same lock again while it is active, and is then refused", async (_, text) => {
    const first = await server.start("/report", HOURLY, key(text));
    expect(first.json).toMatchObject({ isActive: true });
    server.clock.now += MINUTE;
    expect((await server.start("/report", HOURLY, key(text))).json).toEqual(first.json);
    expect((await server.start("/report", HOURLY, key(`${text.slice(1)}x`))).text).toBe("null");
    await server.send("PUT", `/report/${first.json.id}/finish`);
    // A lock's id is granted once, so this request must be a late one.
    const late = await server.start("/report", HOURLY, key(text));
    expect(late.status).toBe(400);
    expect(late.json.message).toMatch(
      /^Idempotency-Key .* cannot be granted again.*use a new idempotency key for each start/,
    );
    expect(await server.metrics()).toMatch(/^cronyx_starts_total\{outcome="started-again"\} 1$/m);
  });

  test("of a UUID is the same in small and capital letters", async () => {
    const { json } = await server.start("/report", HOURLY, key(KEY));
    expect((await server.start("/report", HOURLY, key(KEY.toUpperCase()))).json).toEqual(json);
    expect((await server.send("PUT", `/report/${json.id.toUpperCase()}/finish`)).status).toBe(200);
    expect((await server.start("/report", HOURLY, key(KEY.toUpperCase()))).status).toBe(400);
  });
});

test("a start without a lock gets none, by no key", async () => {
  const key = "3d1f9f2c-52f5-4e65-9d0e-54cfa1b9f101";
  await server.start("/report", HOURLY, { "idempotency-key": key });
  const free = await server.start("/report?explain=true", { ...HOURLY, noLock: true }, { "idempotency-key": key });
  expect(free.json).toMatchObject({ started: false, reason: "active" });
});

describe("a start that is given up", () => {
  const KEY = "0b0f7c1e-9a51-4f5e-8a53-0d9f3c8f6a11";
  const abandon = () => server.send("PUT", `/report/${lockIdOf(KEY)}/abandon`);

  test("loses its lock, and its interval is granted again", async () => {
    await server.start("/report", HOURLY, { "idempotency-key": KEY });
    expect((await abandon()).json).toEqual({ held: true });
    expect((await abandon()).json).toEqual({ held: false });
    expect((await server.send("GET", "/report")).json).toMatchObject({ lock: null, lastFinished: null });
    expect((await server.start("/report", HOURLY)).json).toMatchObject({ isActive: true });
  });

  test("before its request comes: that one is refused then", async () => {
    expect((await abandon()).json).toEqual({ held: false });
    const late = await server.start("/report", HOURLY, { "idempotency-key": KEY });
    expect(late).toMatchObject({ status: 400 });
    expect((await server.send("GET", "/report")).json.lock).toBeNull();
  });

  test("by an id that none could have", async () => {
    for (const id of ["", "x".repeat(256)]) {
      expect((await server.send("PUT", `/report/${id}/abandon`)).status).toBe(400);
    }
    expect((await server.send("GET", "/report")).status).toBe(404);
    expect((await server.start("/report", HOURLY)).json).toMatchObject({ isActive: true });
  });
});

describe("an end", () => {
  test.each(["finish", "interrupt"])("%s answers with nothing, and ignores a body", async (operation) => {
    const id = await startedId("/report");
    const body = "not even JSON";
    const answer = await server.send("PUT", `/report/${id}/${operation}`, { headers: { "content-type": "a/b" }, body });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    const { lock, history } = (await server.send("GET", "/report")).json;
    expect([lock, history[0].outcome]).toEqual([null, operation === "finish" ? "finished" : "interrupted"]);
  });

  test.each(["finish", "interrupt"])("%s of what isn't the job's active lock is not found", async (operation) => {
    const other = await startedId("/other");
    const ended = await startedId("/report");
    await server.send("PUT", `/report/${ended}/interrupt`);
    const held = await startedId("/report", { jobInterval: HOUR });
    for (const [id, outcome] of [
      [ended, "interrupted"],
      ...[other, "no-uuid", "00000000-0000-4000-8000-000000000000", "%27%3B--", "%00"].map((id) => [id, "unknown"]),
    ]) {
      const answer = await server.send("PUT", `/report/${id}/${operation}`);
      expect([answer.status, answer.json]).toEqual([404, { message: "Cannot find job lock for report", outcome }]);
    }
    expect((await server.send("PUT", `/never/${held}/${operation}`)).json).toEqual({
      message: "Cannot find job lock for never",
      outcome: "unknown",
    });
    expect((await server.send("GET", "/report")).json.lock.id).toBe(held);
  });

  test("of a lock that was taken over is not found, and the new holder keeps its lock", async () => {
    const zombie = await startedId("/report");
    server.clock.now += MINUTE;
    const holder = await startedId("/report", { ...HOURLY, retryInterval: MINUTE });
    expect(holder).not.toBe(zombie);
    for (const operation of ["finish", "interrupt"]) {
      expect(await server.send("PUT", `/report/${zombie}/${operation}`)).toMatchObject({
        status: 404,
        json: { outcome: "taken-over" },
      });
    }
    expect((await server.send("GET", "/report")).json).toMatchObject({
      lock: { id: holder },
      history: [{ id: zombie, outcome: "taken-over" }],
    });
    expect(await server.metrics()).toMatch(/^cronyx_takeovers_total 1$/m);
  });
});

describe("a job's state", () => {
  test("has the fields of the state document without the idempotency key", async () => {
    expect((await server.send("GET", "/report")).json).toEqual({ message: "Cannot find job for report" });
    const id = await startedId("/report");
    await server.send("PUT", `/report/${id}/finish`);
    server.clock.now += HOUR;
    const headers = { ...holding(HOLDER), "idempotency-key": "mine-alone" };
    const { json } = await server.start("/report", HOURLY, headers);
    const interval = { interval: HOUR, intervalStartedAt: toIso(NOON), intervalEndedAt: toIso(NOON + HOUR) };
    const times = { createdAt: toIso(NOON + HOUR), updatedAt: toIso(NOON + HOUR) };
    expect((await server.send("GET", "/report")).json).toEqual({
      name: "report",
      lock: { id: json.id, ...interval, ...times, holder: HOLDER },
      lastFinished: { intervalEndedAt: toIso(NOON), endedAt: toIso(NOON), runUrl: null },
      history: [
        {
          id,
          interval: HOUR,
          intervalStartedAt: toIso(NOON - HOUR),
          intervalEndedAt: toIso(NOON),
          outcome: "finished",
          createdAt: toIso(NOON),
          endedAt: toIso(NOON),
          runUrl: null,
        },
      ],
      begun: { intervalStartedAt: toIso(NOON - HOUR), intervalEndedAt: toIso(NOON) },
      schedule: { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] },
      dueAt: toIso(NOON + HOUR),
      behind: 0,
      overdue: false,
      failing: false,
      waitingFor: [],
    });
  });

  test("is in the list of all jobs, for a caller that accepts JSON", async () => {
    expect((await server.send("GET", "/")).json).toEqual({ jobs: [], next: null });
    await startedId("/b");
    await startedId("/a");
    for (const accept of ["application/json", "*/*", "text/html;q=0.5, application/json"]) {
      const { json } = await server.send("GET", "/", { headers: { accept } });
      expect(json.jobs.map(({ name }: { name: string }) => name)).toEqual(["a", "b"]);
      expect(json.jobs[0]).toEqual((await server.send("GET", "/a")).json);
    }
    expect((await server.send("GET", "/", { headers: { accept: "image/png" } })).status).toBe(406);
  });
});

test("a lock is ended by its own job's name alone, also right after it was granted", async () => {
  const id = await startedId("/report");
  await startedId("/other");
  for (const end of ["finish", "interrupt"]) {
    expect((await server.send("PUT", `/other/${id}/${end}`)).status).toBe(404);
  }
  expect((await server.send("GET", "/report")).json.lock.id).toBe(id);
  expect((await server.send("PUT", `/report/${id}/finish`)).status).toBe(200);
});

describe("a job's name", () => {
  test.each([
    ["/report", "report"],
    ["/report/", "report"],
    ["/Report", "Report"],
    ["/a%20b", "a b"],
    ["/a%2520b", "a%20b"],
    ["/a+b", "a+b"],
    ["/octo%2Freport", "octo/report"],
    ["/octo%2F", "octo/"],
    ["/octo%2F/", "octo/"],
    ["/%2F", "/"],
    ["/%3Fq%23", "?q#"],
    ["/a;b=c,d:e@f", "a;b=c,d:e@f"],
    ["/%E3%83%AC%E3%83%9D%F0%9F%93%88", "レポ📈"],
    ["/__proto__", "__proto__"],
    ["/constructor", "constructor"],
    ["/healthcheck", "healthcheck"],
    ["/active%3Areport", "active:report"],
    ["/.", "."],
    ["/%2e%2e", ".."],
    ["/%3Cscript%3E", "<script>"],
    ["/a%00b", "a\0b"],
    [`/${"x".repeat(255)}`, "x".repeat(255)],
    [`/${"%F0%9F%93%88".repeat(255)}`, "📈".repeat(255)],
  ])("%.40s is decoded", async (path, name) => {
    const { status, json } = await server.start(path, HOURLY);
    expect([status, json.name]).toEqual([200, name]);
    expect(await server.store.list(undefined as never)).toEqual([name]);
    const trimmed = path.replace(/\/$/, "");
    expect((await server.send("PUT", `${trimmed}/${json.id}/finish/`)).status).toBe(200);
  });
});

describe("everything else", () => {
  test.each([
    ["POST", "/a/b"],
    ["PUT", "/a/b"],
    ["PUT", "/a/b/release"],
    ["PUT", "/a/b/c/finish"],
    ["DELETE", "/a/b/c/d?secret=hidden"],
  ])("%s %s is not found, whatever is sent", async (method, path) => {
    for (const headers of [{}, { "content-type": "text/plain" }, { "content-type": "application/json" }]) {
      const answer = await server.send(method, path, { headers, body: "{" });
      const [shown] = path.split("?");
      expect([answer.status, answer.json.message]).toEqual([
        404,
        expect.stringContaining(`${shown}" is not a route: use`),
      ]);
    }
  });
});

const AWAY = "the server's database is unavailable, and the server's log has the cause";

describe("a store that fails", () => {
  class BrokenStore extends MemoryStore {
    override async read(): Promise<never> {
      throw new ServiceError("database-unreachable", {
        place: "the database at db.internal",
        problem: "cannot be reached",
        effect: "none",
        cause: Object.assign(new Error("connect ECONNREFUSED"), { query: "select 'hunter2'" }),
      });
    }
  }

  test("is logged in full, and the caller gets a status and a short message", async () => {
    await server.close();
    server = await runServer({ store: new BrokenStore() });
    expect(await server.start("/report", { jobInterval: 424242 })).toMatchObject({
      status: 503,
      headers: { "retry-after": "1" },
      json: { message: `Cannot start job for report: ${AWAY}` },
    });
    for (const end of ["finish", "interrupt"]) {
      expect((await server.send("PUT", `/report/x/${end}`)).json).toEqual({
        message: `Cannot ${end} job for report: ${AWAY}`,
      });
    }
    expect((await server.send("GET", "/report")).json).toEqual({ message: `Cannot read: ${AWAY}` });
    expect(await server.send("GET", "/healthcheck")).toMatchObject({ status: 503, json: { ok: false } });
    expect(server.lines[0]).toMatchObject({
      msg: "start",
      job: "report",
      outcome: "failed",
      error: { code: "database-unreachable", cause: { message: "connect ECONNREFUSED" } },
    });
    expect(JSON.stringify(server.lines)).not.toMatch(/hunter2|424242/);
    expect(await server.metrics()).toMatch(/^cronyx_starts_total\{outcome="failed"\} 1$/m);
  });

  test("is answered to a load balancer within its time-out, even if the store gives no answer", async () => {
    class SilentStore extends MemoryStore {
      override read() {
        return new Promise<never>(() => {});
      }
    }
    await server.close();
    server = await runServer({ store: new SilentStore(), healthcheckTimeout: 20 });
    expect(await server.send("GET", "/healthcheck")).toMatchObject({ status: 503, json: { ok: false } });
    expect(server.lines).toMatchObject([{ msg: "healthcheck", error: { message: expect.stringContaining("20 ms") } }]);
  });

  test("is healthy again when it can", async () => {
    expect(await server.send("GET", "/healthcheck")).toMatchObject({ status: 200, text: '{"ok":true}' });
  });
});

test.each([
  ["2026-11-24T00:00:00.123456Z", "2026-11-24T00:00:00.123Z"],
  ["2026-11-24T00:00:00.1239", "2026-11-24T00:00:00.123Z"],
  ["2026-11-24T00:00:00", "2026-11-24T00:00:00.000Z"],
  ["2026-11-24 00:00:00z", "2026-11-24T00:00:00.000Z"],
  ["2026-11-24t02:00:00.5+02:00", "2026-11-24T00:00:00.500Z"],
])("a chosen interval at %s, as original clients write it, starts at %s", async (jobIntervalStartedAt, expected) => {
  const { json } = await server.start("/report", { ...HOURLY, noLock: true, jobIntervalStartedAt });
  expect(json.intervalStartedAt).toBe(expected);
});

test.each(["json", "", "text/plain", "application/json, application/json", "application/json"])(
  "an end takes any content type and body: %j",
  async (type) => {
    const { id } = (await server.start("/report", HOURLY)).json;
    const headers = { "content-type": type, "content-encoding": "gzip" };
    expect((await server.send("PUT", `/report/${id}/finish`, { headers, body: "{" })).status).toBe(200);
  },
);

test.each([
  "application/json",
  "Application/JSON",
  "application/json; charset=utf-8",
  'application/json;charset="UTF-8"',
])("a start takes JSON as %s", async (type) => {
  const answer = await server.send("POST", "/report", {
    headers: { "content-type": type, "content-encoding": "identity" },
    body: JSON.stringify(HOURLY),
  });
  expect(answer.json).toMatchObject({ isActive: true });
});

test.each([
  ["GET", "/healthcheck"],
  ["GET", "/report"],
  ["GET", "/a/b/c/d"],
  ["TRACE", "/report"],
  ["POST", "/%zz"],
  ["PUT", "/report/id/finish"],
])("the answer to %s %s has the server's mark, which no cache may repeat", async (method, path) => {
  expect((await server.send(method, path)).headers).toMatchObject({
    "cronyx-server": "0.0.0",
    "cache-control": "no-store",
  });
});
