import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";

// OriginalServer must answer as an original server was seen to answer: the tests of the client depend on it.

const NOON = Date.parse("2026-11-24T12:00:00Z");
const HOURLY = { jobInterval: HOUR };

let server: OriginalServer;
let now: number;
beforeEach(async () => {
  now = NOON;
  server = await new OriginalServer().listen();
  server.now = () => now;
});
afterEach(() => server.close());

async function send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  const { status } = answer;
  return { status, type: answer.headers.get("content-type"), challenge: answer.headers.get("www-authenticate"), text };
}
const start = (path: string, body: unknown, headers = {}) =>
  send("POST", path, JSON.stringify(body), { "content-type": "application/json", ...headers });
const startedAt = async (path: string, body: unknown = HOURLY) => JSON.parse((await start(path, body)).text);

describe("a start", () => {
  test("that is granted is a job, by the name as it came", async () => {
    const answer = await start("/a%20b%2Fc/?explain=true", HOURLY, { "idempotency-key": "mine", "cronyx-holder": "%" });
    expect(answer).toMatchObject({ status: 200, type: expect.stringMatching(/^application\/json/) });
    expect(JSON.parse(answer.text)).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: "a%20b%2Fc",
      interval: HOUR,
      intervalStartedAt: toIso(NOON - HOUR),
      intervalEndedAt: toIso(NOON),
      isActive: true,
      createdAt: toIso(NOON),
      updatedAt: toIso(NOON),
    });
  });

  test("that is not granted gets an empty body without a type, whatever the query", async () => {
    await startedAt("/report");
    for (const path of ["/report", "/report?explain=true"]) {
      expect(await start(path, HOURLY)).toMatchObject({ status: 200, type: null, text: "" });
    }
  });

  const JSON_TYPE = { "content-type": "application/json" };
  test.each<[body: string, headers: Record<string, string>]>([
    ["{", JSON_TYPE],
    ["null", JSON_TYPE],
    ["{}", JSON_TYPE],
    ['{"jobInterval":true}', JSON_TYPE],
    ['{"jobInterval":1,"timezone":7}', JSON_TYPE],
    ['{"jobInterval":1,"startBuffer":null}', JSON_TYPE],
    ['{"jobInterval":1,"explain":true}', JSON_TYPE],
    ['{"jobInterval":1}', {}],
    ['{"jobInterval":1}', { "content-type": "text/plain" }],
  ] as [string, Record<string, string>][])("of %s with %j is a 500 that gives it back", async (body, headers) => {
    const answer = await send("POST", "/report", body, headers);
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text).message).toContain(body);
  });

  test("by a cron or in a zone that don't parse is a 500 once they are used", async () => {
    for (const bad of [{ jobInterval: "never" }, { jobInterval: "0 0 * * *", timezone: "Mars" }]) {
      const text = '{"message":"Cannot start job for report"}';
      expect(await start("/report", bad)).toMatchObject({ status: 500, text });
    }
    await startedAt("/report");
    expect(await start("/report", { jobInterval: "never" })).toMatchObject({ status: 200, text: "" });
  });

  test.each<object>([
    { jobInterval: 0 },
    { jobInterval: -1 },
    { jobInterval: 1.5 },
    { jobInterval: "" },
    { jobInterval: { hours: 0 } },
    { jobInterval: HOUR, jobIntervalStartedAt: "2020-01-01T00:00:00Z" },
  ])("of %j is taken", async (body) => {
    expect((await start("/report", body)).status).toBe(200);
    expect((await start(`/${"x".repeat(300)}`, body)).status).toBe(200);
  });

  test("looks past an instant without noLock, and goes by it with it", async () => {
    const chosen = { ...HOURLY, jobIntervalStartedAt: "2020-01-01T00:00:00.000Z" };
    expect((await startedAt("/chosen", { ...chosen, noLock: true })).intervalStartedAt).toBe(
      chosen.jobIntervalStartedAt,
    );
    expect((await startedAt("/chosen", chosen)).intervalStartedAt).toBe(toIso(NOON - HOUR));
  });

  test("of over 24.8 days is a 500 on an SQL database", async () => {
    server.onPostgres = true;
    expect((await start("/report", { jobInterval: { days: 30 } })).status).toBe(500);
    expect((await start("/report", { jobInterval: { days: 24 } })).status).toBe(200);
  });

  test("that takes over keeps the lock's id: the old holder ends the new one's run", async () => {
    const zombie = await startedAt("/report");
    now += MINUTE;
    const holder = await startedAt("/report", { ...HOURLY, retryInterval: MINUTE });
    expect(holder).toMatchObject({ id: zombie.id, createdAt: toIso(NOON), updatedAt: toIso(NOON + MINUTE) });
    expect((await send("PUT", `/report/${zombie.id}/finish`)).status).toBe(200);
    expect((await send("PUT", `/report/${holder.id}/finish`)).status).toBe(404);
  });
});

test("an end is an empty body; of anything but the active lock a 404, or a 500", async () => {
  const { id } = await startedAt("/report");
  const missing = { status: 404, text: '{"message":"Cannot find job lock for report"}' };
  expect(await send("PUT", "/report/1/finish")).toMatchObject(missing);
  expect(await send("PUT", `/report/${id}/interrupt`, "not even JSON")).toMatchObject({ status: 200, text: "" });
  expect(await send("PUT", `/report/${id}/finish`)).toMatchObject(missing);
  server.onPostgres = true;
  expect((await send("PUT", "/report/1/finish")).status).toBe(500);
});

test.each([
  ["GET", "/report"],
  ["GET", "/"],
  ["PUT", "/report/x/abandon"],
  ["DELETE", "/report"],
  ["POST", "/a/b"],
])("%s %s is not found", async (method, path) => {
  expect(await send(method, path)).toMatchObject({ status: 404, text: "NOT_FOUND" });
});

test("before its store is connected, everything is not found", async () => {
  server.connected = false;
  for (const answer of [await start("/report", HOURLY), await send("GET", "/healthcheck")]) {
    expect(answer).toMatchObject({ status: 404, text: "NOT_FOUND" });
  }
});

test.each([
  ["me:secret", "me:secret", 200],
  ["me:secret", null, 401],
  ["me:secret", "me:other", 401],
  ["me:secret", "\0:\0", 200],
  ["me:sec:ret", "me:sec:ret", 401],
  ["me:secret", "", 500],
] as [string, string | null, number][])(
  "the login %j, asked with %j, is %i, at the health check too",
  async (login, sent, status) => {
    server.login = login;
    const headers = sent === null ? {} : { authorization: `Basic ${Buffer.from(sent).toString("base64")}`.trim() };
    const answer = await send("GET", "/healthcheck", undefined, headers);
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.challenge).toBe('Basic realm="CronyxServer"');
  },
);
