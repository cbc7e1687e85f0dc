import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import { NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";

const HOLDER = { repository: "octo-org/reports", runId: "7", attempt: "1" };
const OTHER = { repository: "octo-org/reports", runId: "8", attempt: "1" };
const holding = (holder: unknown) => ({ "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) });

let server: RunningServer;
/** The job of the lock, as the start answered it. */
let job: { readonly id: string } & Record<string, unknown>;
beforeEach(async () => {
  server = await runServer();
  job = (await start(HOLDER)).json;
});
afterEach(() => server.close());

const start = (holder: unknown) => server.start("/report", { jobInterval: HOUR }, holding(holder));
const call = (operation: string, headers = {}, id = job.id) =>
  server.send("PUT", `/report/${id}/${operation}`, { headers });
const lock = async () => (await server.send("GET", "/report")).json.lock;

describe("a renewal", () => {
  test("updates the lock, so that the retry interval counts from then", async () => {
    server.clock.now += MINUTE;
    const answer = await call("renew");
    expect([answer.status, answer.json]).toEqual([200, { ...job, updatedAt: toIso(NOON + MINUTE) }]);
    expect(await lock()).toMatchObject({ id: job.id, updatedAt: toIso(NOON + MINUTE), holder: HOLDER });
    const body = { jobInterval: HOUR, retryInterval: HOUR };
    expect((await server.start("/report?explain=true", body)).json.retryAt).toBe(toIso(NOON + HOUR + MINUTE));
    expect(server.lines).toContainEqual(expect.objectContaining({ msg: "renew", job: "report", outcome: "renewed" }));
    expect(await server.metrics()).toMatch(/^cronyx_ends_total\{operation="renew",outcome="renewed"\} 1$/m);
  });

  test.each([
    ["finish", "finished"],
    ["interrupt", "interrupted"],
    ["abandon", "interrupted"],
  ])("after %s is a 404 that names the outcome, and changes nothing", async (operation, outcome) => {
    await call(operation);
    expect(await call("renew")).toMatchObject({
      status: 404,
      json: { message: "Cannot find job lock for report", outcome },
    });
    expect(await lock()).toBeNull();
  });

  test("of an id that the job never had is unknown", async () => {
    expect((await call("renew", {}, "no-lock")).json).toMatchObject({ outcome: "unknown" });
    expect((await server.send("PUT", `/other/${job.id}/renew`)).status).toBe(404);
  });
});

describe("a resume", () => {
  test("makes the interrupted lock active again, for the caller", async () => {
    await call("interrupt");
    server.clock.now += MINUTE;
    const answer = await call("resume", holding(OTHER));
    expect([answer.status, answer.json]).toEqual([200, { ...job, updatedAt: toIso(NOON + MINUTE) }]);
    expect(await lock()).toMatchObject({ id: job.id, createdAt: toIso(NOON), holder: OTHER });
    expect((await start(HOLDER)).text).toBe("null");
    expect((await call("resume", holding(OTHER))).status).toBe(200);
    expect((await call("finish")).status).toBe(200);
    expect(server.lines).toContainEqual(expect.objectContaining({ msg: "resume", outcome: "resumed" }));
  });

  test("is a 404 that names the holder that was granted the job since", async () => {
    await call("interrupt");
    expect((await start(OTHER)).json).toMatchObject({ isActive: true });
    expect(await call("resume")).toMatchObject({
      status: 404,
      json: { message: "Cannot find job lock for report", outcome: "interrupted", grantedSince: OTHER },
    });
    expect((await lock()).holder).toEqual(OTHER);
  });

  test.each([
    ["finish", "finished"],
    ["abandon", "interrupted"],
  ])("after %s is a 404", async (operation, outcome) => {
    await call(operation);
    const { status, json } = await call("resume");
    expect([status, json.outcome]).toEqual([404, outcome]);
    expect(json).not.toHaveProperty("grantedSince");
    expect(await lock()).toBeNull();
  });

  test("with a malformed holder is a 400", async () => {
    await call("interrupt");
    expect(await call("resume", { "cronyx-holder": "7" })).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/^Cronyx-Holder 7 is not allowed: use an object of/) },
    });
    expect(await lock()).toBeNull();
  });
});
