import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parseDatabaseLocation } from "../../src/location/database-location.ts";
import { openDatabase } from "../../src/store/open-database.ts";
import { startPostgres } from "../../testing/databases/postgres-server.ts";
import { Clock, type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { inTime } from "../../testing/stores/job-store-suite.ts";

const CALLERS = 50;
const ROUNDS = 15;
const HOUR = 3_600_000;

const clock = new Clock();
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let servers: readonly RunningServer[];
beforeAll(async () => {
  postgres = await startPostgres();
  const open = () =>
    openDatabase(parseDatabaseLocation(postgres.url("postgres"), "url"), { log: () => {}, deadline: inTime() });
  servers = [await runServer({ store: await open(), clock }), await runServer({ store: await open(), clock })];
});
afterAll(async () => {
  for (const server of servers) {
    await server.close();
    await server.store.close();
  }
  await postgres.stop();
});

/** Starts one job from all callers at once, half of them on each server. @returns the granted jobs. */
async function startAll(path: string, more: object = {}) {
  const answers = await Promise.all(
    Array.from({ length: CALLERS }, (_, at) => {
      const server = servers[at % servers.length] as RunningServer;
      return server.start(path, { jobInterval: HOUR, ...more });
    }),
  );
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  return answers.flatMap(({ json }) => (json === null ? [] : [json]));
}

test(`of ${CALLERS} callers of two servers on one PostgreSQL exactly one gets a job's very first interval`, async () => {
  for (let round = 0; round < ROUNDS; round++) expect(await startAll(`/first-${round}`)).toHaveLength(1);
});

test("and each interval of a job that catches up, one takes over a lock, and intervals tile time", async () => {
  const [server] = servers as readonly [RunningServer];
  const end = async ({ id }: { id: string }) =>
    expect((await server.send("PUT", `/behind/${id}/finish`)).status).toBe(200);
  const [first] = await startAll("/behind");
  await end(first);
  clock.now += ROUNDS * HOUR;
  let until = first.intervalEndedAt;
  for (let round = 0; round < ROUNDS; round++) {
    const granted = await startAll("/behind");
    expect(granted).toMatchObject([{ intervalStartedAt: until }]);
    const taken = round % 5 === 0 ? await overtaken(granted[0]) : granted[0];
    await end(taken);
    until = taken.intervalEndedAt;
  }
  expect(await startAll("/behind")).toEqual([]);

  async function overtaken(lock: { id: string; intervalStartedAt: string }) {
    clock.now += 1_000;
    const [other, ...more] = await startAll("/behind", { retryInterval: 500 });
    expect(more).toEqual([]);
    expect(other.intervalStartedAt).toBe(lock.intervalStartedAt);
    expect(other.id).not.toBe(lock.id);
    expect((await server.send("PUT", `/behind/${lock.id}/finish`)).status).toBe(404);
    return other;
  }
});
