import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import { NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";

const HOURLY = { jobInterval: HOUR };
const NIGHTLY_HOLDER = { repository: "octo-org/reports", runId: "7" };
const holding = (holder: unknown) => ({ "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) });

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

const start = (query = "", body: unknown = HOURLY, headers = {}) => server.start(`/report${query}`, body, headers);
const end = (id: string, operation: string) => server.send("PUT", `/report/${id}/${operation}`);

describe("startsAt", () => {
  const startsAt = toIso(NOON - 5 * HOUR);

  test("is where the first interval starts, and is repeated with explain alone", async () => {
    const { json } = await start(`?explain=true&startsAt=${startsAt}`);
    expect(json).toMatchObject({ intervalStartedAt: startsAt, startsAt, behind: 4 });
    await end(json.id, "interrupt");
    const unexplained = await start(`?startsAt=${startsAt}`);
    expect(unexplained.json.intervalStartedAt).toBe(startsAt);
    for (const field of ["startsAt", "catchUp", "behind", "takenOver"])
      expect(unexplained.json).not.toHaveProperty(field);
  });

  test("is ignored, and still repeated, once an interval has finished", async () => {
    await end((await start()).json.id, "finish");
    server.clock.now += HOUR;
    const { json } = await start(`?explain=true&startsAt=${startsAt}`);
    expect(json).toMatchObject({ intervalStartedAt: toIso(NOON), startsAt, behind: 0 });
  });
});

describe("catchUp", () => {
  beforeEach(async () => {
    await end((await start()).json.id, "finish");
    server.clock.now += 3 * HOUR;
  });

  test.each([
    ["", { intervalStartedAt: toIso(NOON), interval: HOUR, behind: 2 }, []],
    ["&catchUp=each", { intervalStartedAt: toIso(NOON), interval: HOUR, behind: 2, catchUp: "each" }, ["catchUp"]],
    [
      "&catchUp=merge",
      { intervalStartedAt: toIso(NOON), interval: 3 * HOUR, behind: 0, catchUp: "merge" },
      ["catchUp"],
    ],
    [
      "&catchUp=latest",
      {
        intervalStartedAt: toIso(NOON + 2 * HOUR),
        interval: HOUR,
        behind: 0,
        catchUp: "latest",
        skippedStartedAt: toIso(NOON),
      },
      ["catchUp", "skippedStartedAt"],
    ],
  ])("%j grants what it says, and repeats it", async (query, granted, repeated) => {
    const { json } = await start(`?explain=true${query}`);
    expect(json).toMatchObject(granted);
    const optional = ["startsAt", "catchUp", "skippedStartedAt", "takenOver"];
    expect(optional.filter((field) => field in json)).toEqual(repeated);
  });

  test("latest records the skipped span when its run finishes", async () => {
    await end((await start("?catchUp=latest")).json.id, "finish");
    const { json } = await server.send("GET", "/report");
    expect(json).toMatchObject({
      lastFinished: { intervalEndedAt: toIso(NOON + 3 * HOUR) },
      skipped: [{ skippedStartedAt: toIso(NOON), skippedEndedAt: toIso(NOON + 2 * HOUR) }],
    });
  });
});

describe("takeOver", () => {
  test("of the lock that a refusal shows grants a new one, and explain shows the holder that lost it", async () => {
    const { id } = (await start("", HOURLY, holding(NIGHTLY_HOLDER))).json;
    server.clock.now += MINUTE;
    const refused = (await start("?explain=true")).json;
    expect(refused).toMatchObject({ reason: "active", id, updatedAt: toIso(NOON) });
    const { json } = await start(`?explain=true&takeOver=${refused.id},${refused.updatedAt}`);
    expect(json).toMatchObject({ isActive: true, takenOver: { holder: NIGHTLY_HOLDER, since: toIso(NOON) } });
    expect(json.id).not.toBe(id);
    expect(await end(id, "finish")).toMatchObject({ status: 404, json: { outcome: "taken-over" } });
    expect(await server.metrics()).toMatch(/^cronyx_takeovers_total 1$/m);
  });

  test("is refused after a renewal, since the holder lives", async () => {
    const { id, updatedAt } = (await start()).json;
    server.clock.now += MINUTE;
    await end(id, "renew");
    const { json } = await start(`?explain=true&takeOver=${id},${updatedAt}`);
    expect(json).toMatchObject({
      started: false,
      reason: "active",
      id,
      updatedAt: toIso(NOON + MINUTE),
      since: updatedAt,
    });
  });
});

test.each([
  ["catchUp=all", /^catchUp "all" is not allowed: use one of each, merge, latest$/],
  ["startsAt=yesterday", /^startsAt "yesterday" is not allowed: use an instant in whole milliseconds/],
  ["startsAt=2026-02-30T00:00:00Z", /^startsAt "2026-02-30T00:00:00Z" does not exist: use an instant/],
  ["takeOver=one", /^takeOver "one" is not allowed: use a lock's id and its updatedAt/],
  ["takeOver=one,then", /^takeOver "then" does not exist: use an instant/],
  ["explain=yes", /^explain "yes" is not allowed: use true or false$/],
  [
    "explain=true&startAt=2026-11-01T00:00:00Z",
    /^The query contains the unknown field "startAt": use explain, startsAt, catchUp, takeOver only$/,
  ],
])("the query %s is a 400", async (query, message) => {
  expect(await start(`?${query}`)).toMatchObject({ status: 400, json: { message: expect.stringMatching(message) } });
  expect((await server.send("GET", "/report")).status).toBe(404);
});

test.each([
  [{ jobInterval: "90 minutes" }, 90 * MINUTE],
  [{ jobInterval: "PT1H30M" }, 90 * MINUTE],
  [{ jobInterval: "3600000" }, HOUR],
  [{ jobInterval: "0 * * * *" }, HOUR],
  [{ jobInterval: HOUR, startBuffer: "15 minutes", retryInterval: "PT2H" }, HOUR],
])("the body %j has lengths as text", async (body, interval) => {
  expect((await start("", body)).json.interval).toBe(interval);
  server.clock.now += 30 * MINUTE;
  if ("retryInterval" in body) {
    const expected = { reason: "active", retryAt: toIso(NOON + 2 * HOUR) };
    expect((await start("?explain=true", body)).json).toMatchObject(expected);
  }
});
