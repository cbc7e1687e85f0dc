import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { HOUR, MINUTE } from "../../../src/scheduler/instant.ts";
import { IssuerUnreachable, type Scheme } from "../../../src/server/auth/authentication.ts";
import { type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

test("each start, end and refusal is one line, and counted", async () => {
  const runUrl = "https://github.com/octo-org/reports/actions/runs/7";
  const headers = { "cronyx-holder": encodeURIComponent(JSON.stringify({ runUrl })), "idempotency-key": "key-of-7" };
  await server.start("/report", { jobInterval: HOUR }, headers);
  await server.start("/report", { jobInterval: HOUR });
  await server.start("/report", { jobInterval: "the body's text" });
  await server.start("/report", { jobInterval: -4242 });
  server.clock.now += MINUTE;
  const { id } = (await server.start("/report", { jobInterval: HOUR, retryInterval: MINUTE })).json;
  await server.send("PUT", "/report/gone/interrupt");
  expect(await server.metrics()).toMatch(/^cronyx_active_locks 1$/m);
  await server.send("PUT", `/report/${id}/finish`);
  await server.send("GET", "/report");
  await server.send("GET", "/healthcheck");

  const common = {
    job: "report",
    ms: expect.any(Number),
    level: 30,
    time: expect.any(Number),
    reqId: expect.any(String),
  };
  expect(server.lines).toEqual([
    { ...common, msg: "start", outcome: "started", runUrl },
    { ...common, msg: "start", outcome: "active" },
    { ...common, msg: "start", outcome: "bad-request", field: "jobInterval" },
    { ...common, msg: "start", outcome: "bad-request", field: "jobInterval" },
    { ...common, msg: "start", outcome: "started", takeover: true },
    { ...common, msg: "interrupt", outcome: "not-found" },
    { ...common, msg: "finish", outcome: "finished" },
  ]);
  expect(JSON.stringify(server.lines)).not.toMatch(/4242|the body|key of/);

  const metrics = await server.metrics();
  for (const line of [
    'cronyx_starts_total{outcome="started"} 2',
    'cronyx_starts_total{outcome="active"} 1',
    'cronyx_starts_total{outcome="bad-request"} 2',
    'cronyx_ends_total{operation="interrupt",outcome="not-found"} 1',
    'cronyx_ends_total{operation="finish",outcome="finished"} 1',
    "cronyx_takeovers_total 1",
    'cronyx_request_duration_seconds_count{operation="start"} 5',
    // Counted at most every 15 seconds, since it reads every job.
    "cronyx_active_locks 1",
  ]) {
    expect(metrics.split("\n")).toContain(line);
  }
  server.clock.now += MINUTE;
  expect(await server.metrics()).toMatch(/^cronyx_active_locks 0$/m);
});

/** The token is the name of the job that it allows. The token "away" stands for an unreachable issuer. */
const BY_NAME: Scheme = {
  name: "Bearer",
  challenge: "Bearer",
  async check(token) {
    if (token === "away") throw new IssuerUnreachable("The issuer is away", { retryAfter: 30 });
    if (token === "canary-wrong") return null;
    const mayUse = (name: string) => name === token;
    const none = { run: null, maySkip: () => false, hasAnyAccess: false };
    return { ...none, repository: "octo-org/reports", mayUse, mayRequire: mayUse };
  },
};

test("a denied read is logged, and an allowed one is not", async () => {
  const guarded = await runServer({ schemes: [BY_NAME] });
  try {
    for (const [path, token] of [
      ["/a", "a"],
      ["/a", "canary-wrong"],
      ["/b", "a"],
      ["/metrics", "a"],
    ] as const) {
      await guarded.send("GET", path, { headers: { authorization: `Bearer ${token}` } });
    }
    expect(guarded.lines).toMatchObject([
      { msg: "read", outcome: "unauthorized" },
      { msg: "read", outcome: "forbidden", repository: "octo-org/reports" },
      { msg: "read", outcome: "forbidden", repository: "octo-org/reports" },
    ]);
    expect(JSON.stringify(guarded.lines)).not.toContain("canary");
  } finally {
    await guarded.close();
  }
});

test("every outcome is logged and counted, and no line contains the request's input", async () => {
  class FailingStore extends MemoryStore {
    override async read(names: readonly string[]) {
      if (names.includes("failing")) throw new Error("canary-driver: no, of course", { cause: new Error("Why") });
      return super.read(names);
    }
  }
  const guarded = await runServer({ store: new FailingStore(), schemes: [BY_NAME] });
  const ask = (method: string, path: string, token: string, body?: unknown, more = {}) =>
    guarded.send(method, path, {
      headers: {
        authorization: `Bearer ${token}`,
        cookie: "canary-cookie",
        "content-type": "application/json",
        ...more,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const hourly = { jobInterval: HOUR };
  try {
    const { id } = (await ask("POST", "/a?explain=true", "a", hourly, { "idempotency-key": "canary-key" })).json;
    await ask("POST", "/a?explain=true", "a", hourly, { "idempotency-key": "canary-key" });
    await ask("PUT", `/a/${id}/finish?token=canary-query`, "a", { note: "canary-body" });
    await ask("POST", "/a", "a", hourly);
    guarded.clock.now += HOUR;
    await ask("POST", "/a", "a", { ...hourly, requiredJobNames: ["canary-other"] });
    const again = (await ask("POST", "/a", "a", hourly)).json.id;
    await ask("PUT", `/a/${again}/interrupt`, "a");
    await ask("PUT", "/a/canary-id/finish", "a");
    await ask("PUT", "/a/canary-id/abandon", "a");
    await ask("POST", "/a", "canary-wrong", hourly);
    await ask("PUT", `/a/${id}/finish`, "b");
    await ask("POST", "/a", "away", hourly);
    await ask("POST", "/failing", "failing", { ...hourly, timezone: "Asia/Tokyo" });
    await ask("POST", "/a", "a", { jobInterval: "canary-cron" });
    await ask("POST", "/a", "a", { "canary-field": 1, ...hourly });
    await ask("GET", "/a?token=canary-query", "a");
    await ask("GET", "/canary-path/x/y/z", "a");
    expect(guarded.lines.map(({ msg, job, outcome }) => `${msg} ${job}: ${outcome}`)).toEqual([
      "start a: started",
      "start a: started-again",
      "finish a: finished",
      "start a: not-due",
      "start a: forbidden",
      "start a: started",
      "interrupt a: interrupted",
      "finish a: not-found",
      "abandon a: abandoned",
      "start a: unauthorized",
      "finish a: forbidden",
      "start a: unavailable",
      "start failing: failed",
      "start a: bad-request",
      "start a: bad-request",
      "read undefined: forbidden",
    ]);
    const said = JSON.stringify(guarded.lines.map(({ error, ...line }) => line));
    expect(said).not.toMatch(/canary|Asia|Bearer|cookie/);
    expect(guarded.lines.filter(({ level }) => level === 50).map(({ outcome }) => outcome)).toEqual([
      "unavailable",
      "failed",
    ]);
  } finally {
    await guarded.close();
  }
});
