import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { parseDatabaseLocation } from "../../../src/location/database-location.ts";
import { serverMessage } from "../../../src/server/remedies.ts";
import type { JobStore } from "../../../src/store/job-store.ts";
import { openDatabase } from "../../../src/store/open-database.ts";
import { findPgbouncer, startPgbouncer } from "../../../testing/databases/pgbouncer.ts";
import { startPostgres } from "../../../testing/databases/postgres-server.ts";
import { type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { documentOf, inTime, jobStoreSuite } from "../../../testing/stores/job-store-suite.ts";

const pgbouncer = findPgbouncer(process.env);
if (pgbouncer === null) {
  const advice = "PgBouncer is missing: install it (apt-get install pgbouncer), or name it in PGBOUNCER_PATH";
  if (process.env.CI && process.platform === "linux") test("PgBouncer is installed", () => expect(advice).toBe(""));
  else console.warn(`${advice}. Its tests are skipped.`);
} else {
  console.log(execFileSync(pgbouncer, ["--version"], { encoding: "utf8" }).split("\n", 1)[0]);
}

/** Fewer connections than the clients need, so that their transactions share them. */
const CONNECTIONS = 3;
const CLIENTS = 8;
const ROUNDS = 30;

(pgbouncer === null ? describe.skip : describe)("a store behind PgBouncer in transaction mode", () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let pooler: Awaited<ReturnType<typeof startPgbouncer>>;
  const open = (url = pooler.url, log = (_: string) => {}) =>
    openDatabase(parseDatabaseLocation(url, "JOB_STORE_URL"), { log, deadline: inTime() });
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.query("CREATE DATABASE pooled");
    pooler = await startPgbouncer(pgbouncer ?? "", postgres.url("pooled"), CONNECTIONS);
  });
  afterAll(async () => {
    await pooler?.stop();
    await postgres?.stop();
  });

  jobStoreSuite(() => open());

  test("eight clients of two servers: every start is answered, and each interval is granted once", async () => {
    const lines: string[] = [];
    const stores: JobStore[] = [
      await open(undefined, (line) => lines.push(line)),
      await open(undefined, (line) => lines.push(line)),
    ];
    const servers: RunningServer[] = await Promise.all(stores.map((store) => runServer({ store })));
    const statuses: number[] = [];
    const granted: string[] = [];
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        const server = servers[client % servers.length] as RunningServer;
        for (let round = 0; round < ROUNDS; round++) {
          const { status, json } = await server.start(`/job-${round}`, { jobInterval: 3_600_000 });
          statuses.push(status);
          if (json !== null && json !== undefined) granted.push(json.name);
        }
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses).toHaveLength(CLIENTS * ROUNDS);
    expect(granted.toSorted()).toEqual(Array.from({ length: ROUNDS }, (_, round) => `job-${round}`).toSorted());
    expect(lines).toEqual([]);
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(stores.map((store) => store.close()));
  });

  test("the limits of a statement hold on a connection of the pooler, and end with the transaction", async () => {
    const lines: string[] = [];
    const store = await open(pooler.url, (line) => lines.push(line));
    const { version } = await store.swap(null, documentOf("held"), inTime());
    const other = new pg.Client({ connectionString: postgres.url("pooled") });
    await other.connect();
    await other.query("BEGIN; SELECT 1 FROM cronyx_job WHERE name = 'held' FOR UPDATE");
    const swap = store.swap(version, documentOf("held"), inTime());
    while (lines.length === 0) await pause(20);
    expect(lines[0]).toMatch(/canceling statement due to lock timeout\); trying again in /);
    await other.query("COMMIT");
    expect((await swap).version).not.toBeNull();
    await other.end();
    const client = new pg.Client({ connectionString: pooler.url });
    await client.connect();
    for (let round = 0; round < 2 * CONNECTIONS; round++) {
      const { rows } = await client.query(
        "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock",
      );
      expect(rows).toEqual([{ statement: "0", lock: "0" }]);
    }
    await client.end();
    await store.close();
  });

  test("a start-up parameter that the pooler refuses is named at once", async () => {
    const began: string[] = [];
    const url = `${pooler.url}?options=${encodeURIComponent("-c work_mem=8MB")}`;
    const error = await open(url, (line) => began.push(line)).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-parameter-refused", effect: "none", cause: { code: "08P01" } });
    expect(serverMessage(error)).toMatch(
      /unsupported startup parameter.*options.*remove that parameter from JOB_STORE_URL/,
    );
    expect(began).toEqual([]);
  });
});
