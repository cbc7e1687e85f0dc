import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { basicScheme } from "../../src/server/auth/basic-scheme.ts";
import { NOON, type RunningServer, runServer } from "../../testing/servers/running-server.ts";

const AUTHORIZATION = { authorization: `Basic ${Buffer.from("octo:password").toString("base64")}` };
const HOURLY = { jobInterval: HOUR };
/** The headers of axios, which the original clients use. */
const ACCEPT = { accept: "application/json, text/plain, */*", "user-agent": "axios/1.4.0" };

let server: RunningServer;
beforeEach(async () => {
  server = await runServer({ schemes: [basicScheme("octo", "password")] });
});
afterEach(() => server.close());

/** Sends requests as an original client does: JSON bodies without other headers, and paths with the name of the answer. */
const original = {
  start: (name: string, options: object) =>
    server.send("POST", `/${encodeURIComponent(name)}`, {
      headers: { ...AUTHORIZATION, ...ACCEPT, "content-type": "application/json" },
      body: JSON.stringify(options),
    }),
  end: (how: string, { name, id }: { name: string; id: string }, type?: string, body?: string) =>
    server.send("PUT", `/${encodeURIComponent(name)}/${id}/${how}`, {
      headers: { ...AUTHORIZATION, ...ACCEPT, ...(type && { "content-type": type }) },
      ...(body !== undefined && { body }),
    }),
};

describe.each(["report", "daily report", "octo-org/daily report", "a%20b", "日報 / ☂", "100% + ?#&="])("%s", (name) => {
  test("goes through its life, by the name in the answer", async () => {
    const first = await original.start(name, HOURLY);
    expect(first.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      name,
      interval: HOUR,
      intervalStartedAt: toIso(NOON - HOUR),
      intervalEndedAt: toIso(NOON),
      isActive: true,
      createdAt: toIso(NOON),
      updatedAt: toIso(NOON),
    });
    const refused = await original.start(name, HOURLY);
    expect([refused.status, refused.text]).toEqual([200, "null"]);
    expect(await original.end("interrupt", first.json)).toMatchObject({ status: 200, text: "" });
    const again = (await original.start(name, HOURLY)).json;
    expect(again).toMatchObject({ name, intervalStartedAt: toIso(NOON - HOUR) });
    expect(await original.end("finish", again)).toMatchObject({ status: 200, text: "" });
    expect(await original.end("finish", again)).toMatchObject({
      status: 404,
      json: { message: `Cannot find job lock for ${name}` },
    });
  });
});

test.each([
  [undefined, undefined],
  ["application/json", "{}"],
  ["application/json", "null"],
  ["application/json", '{"id":'],
  ["application/json", ""],
  ["application/x-www-form-urlencoded", ""],
] as [string | undefined, string | undefined][])("an end with a body of type %j, %j, is done", async (type, body) => {
  const { json } = await original.start("report", HOURLY);
  expect(await original.end("finish", json, type, body)).toMatchObject({ status: 200, text: "" });
});

test("every option that it has is understood", async () => {
  const { json } = await original.start("orders", { jobInterval: "0 * * * *", timezone: "Asia/Tokyo", startBuffer: 0 });
  await original.end("finish", json);
  const options = {
    jobInterval: { hours: 1 },
    retryInterval: { minutes: 1 },
    requiredJobNames: ["orders"],
    startBuffer: { seconds: 0 },
    timezone: "Europe/London",
    noLock: false,
  };
  expect((await original.start("report", options)).json).toMatchObject({ isActive: true, interval: HOUR });
  server.clock.now += MINUTE;
  expect((await original.start("report", options)).json).toMatchObject({ isActive: true });
  const chosen = { ...HOURLY, noLock: true, jobIntervalStartedAt: toIso(NOON - 5 * HOUR) };
  expect((await original.start("report", chosen)).json).toMatchObject({
    id: null,
    intervalStartedAt: chosen.jobIntervalStartedAt,
  });
});

test("without credentials it gets a 401 that names the scheme", async () => {
  expect(await server.start("/report", HOURLY)).toMatchObject({
    status: 401,
    headers: { "www-authenticate": 'Basic realm="CronyxServer"' },
  });
});
