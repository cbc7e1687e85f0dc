import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ServiceError } from "../../src/errors/service-error.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { type Answer, Clock, type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const HOURLY = { jobInterval: HOUR };

// Two servers on one store. Each read waits until other requests have run.
class SlowStore extends MemoryStore {
  override async read(names: readonly string[]) {
    await new Promise(setImmediate);
    const reading = await super.read(names);
    await new Promise(setImmediate);
    return reading;
  }
}

let servers: readonly [RunningServer, RunningServer];
let clock: Clock;
beforeEach(async () => {
  const store = new SlowStore();
  clock = new Clock();
  servers = [await runServer({ store, clock }), await runServer({ store, clock })];
});
afterEach(() => Promise.all(servers.map((server) => server.close())));

const fifty = (ask: (server: RunningServer, at: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: 50 }, (_, at) => ask(servers[at % 2 === 0 ? 0 : 1], at)));
const granted = (answers: readonly Answer[]) => answers.filter(({ json }) => json !== null);

test("50 concurrent starts: one gets the first interval, one each takeover, and one each interval to catch up on", async () => {
  for (let round = 0; round < 10; round++) {
    const start = (body: object) => fifty((server) => server.start(`/report-${round}`, { ...HOURLY, ...body }));
    const first = granted(await start({}));
    expect(first).toHaveLength(1);
    clock.now += MINUTE;
    const takeovers = granted(await start({ retryInterval: MINUTE }));
    expect(takeovers).toHaveLength(1);
    expect(takeovers[0]?.json.id).not.toBe(first[0]?.json.id);

    await servers[0].send("PUT", `/report-${round}/${takeovers[0]?.json.id}/finish`);
    clock.now += 3 * HOUR;
    const seen = [];
    for (let interval = 0; interval < 3; interval++) {
      const next = granted(await start({}));
      expect(next).toHaveLength(1);
      seen.push(next[0]?.json.intervalStartedAt);
      await servers[1].send("PUT", `/report-${round}/${next[0]?.json.id}/finish`);
    }
    expect(new Set(seen).size).toBe(3);
  }
});

test("50 concurrent ends, of both kinds: one of them ends the run", async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = (await servers[0].start(`/report-${round}`, HOURLY)).json;
    const ends = await fifty((server, at) =>
      server.send("PUT", `/report-${round}/${id}/${at % 3 === 0 ? "interrupt" : "finish"}`),
    );
    const done = ends.flatMap(({ status }, at) => (status === 200 ? [at % 3 === 0 ? "interrupted" : "finished"] : []));
    const { history } = (await servers[1].send("GET", `/report-${round}`)).json;
    expect(history).toHaveLength(1);
    expect(done).toEqual([history[0].outcome]);
  }
});

test("a takeover with another interval leaves one lock", async () => {
  const zombie = (await servers[0].start("/report", HOURLY)).json;
  clock.now += MINUTE;
  const holder = (await servers[1].start("/report", { jobInterval: 2 * HOUR, retryInterval: 0 })).json;
  expect((await servers[0].send("PUT", `/report/${zombie.id}/interrupt`)).status).toBe(404);
  expect((await servers[0].send("GET", "/report")).json.lock.id).toBe(holder.id);
  expect((await servers[0].send("PUT", `/report/${holder.id}/finish`)).status).toBe(200);
  expect((await servers[0].start("/report", HOURLY)).text).toBe("null");
});

test("an hour where clocks go forward has an hour's length", async () => {
  const start = () => servers[0].start("/report", { jobInterval: { hours: 1 }, timezone: "Europe/London" });
  clock.now = Date.parse("2026-03-29T00:00:00Z");
  for (let hour = 0; hour < 4; hour++) {
    const { id, interval } = (await start()).json;
    expect(interval).toBe(HOUR);
    await servers[0].send("PUT", `/report/${id}/finish`);
    clock.now += HOUR;
  }
});

test("a cron that never matches is refused without keeping others waiting", async () => {
  const msOf = async (cron: string, status: number) => {
    const before = performance.now();
    expect((await servers[0].start("/report", { jobInterval: cron })).status).toBe(status);
    return performance.now() - before;
  };
  let [never, hourly] = [0, 0];
  for (let request = 0; request < 10; request++) {
    never += await msOf("0 0 31 4,6,9,11 *", 400);
    hourly += await msOf("0 * * * *", 200);
  }
  // The ratio is about 7, on a busy machine too. The original server took seconds.
  expect(never / hourly).toBeLessThan(200);
});

test("a cron and a zone that don't parse are refused while the job is locked too", async () => {
  await servers[0].start("/report", HOURLY);
  for (const bad of [{ jobInterval: "never" }, { ...HOURLY, timezone: "Mars" }]) {
    expect((await servers[0].start("/report", bad)).status).toBe(400);
  }
});

test("names that differ in their case, or look like keys, are jobs of their own", async () => {
  for (const name of ["Report", "report", "active%3Areport", "active:", "report%20", "%20report"]) {
    expect((await servers[0].start(`/${name}`, HOURLY)).json).toMatchObject({ isActive: true });
  }
});

test("a store that is away makes the server unhealthy, and no request hang", async () => {
  class AwayStore extends MemoryStore {
    away = true;
    override async read(names: readonly string[]) {
      if (this.away)
        throw new ServiceError("database-unreachable", {
          place: "the database",
          problem: "cannot be reached",
          effect: "none",
        });
      return super.read(names);
    }
  }
  const store = new AwayStore();
  const server = await runServer({ store });
  try {
    expect((await server.send("GET", "/healthcheck")).status).toBe(503);
    expect((await server.start("/report", HOURLY)).status).toBe(503);
    store.away = false;
    expect((await server.send("GET", "/healthcheck")).status).toBe(200);
    expect((await server.start("/report", HOURLY)).status).toBe(200);
  } finally {
    await server.close();
  }
});
