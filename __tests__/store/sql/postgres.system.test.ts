import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { parseDatabaseLocation } from "../../../src/location/database-location.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { serverMessage } from "../../../src/server/remedies.ts";
import type { Reading, Swap } from "../../../src/store/job-store.ts";
import { openDatabase } from "../../../src/store/open-database.ts";
import { relayTo } from "../../../testing/databases/database-relay.ts";
import { startPostgres } from "../../../testing/databases/postgres-server.ts";
import { databaseSuite } from "../../../testing/stores/database-suite.ts";
import { documentOf, inTime, jobStoreSuite } from "../../../testing/stores/job-store-suite.ts";

let postgres: Awaited<ReturnType<typeof startPostgres>>;
/** What is told of a statement that takes too long: the tests go on meanwhile. */
let slow: Promise<{ lines: string[]; ms: number; found: Reading }>;
beforeAll(async () => {
  postgres = await startPostgres();
  for (const name of [
    "shared",
    "new",
    "kept",
    "damaged",
    "many",
    "newer",
    "cut",
    "opening",
    "terminated",
    "replica",
    "denied",
    "late",
    "slow",
    "held",
    "indexed",
  ]) {
    await postgres.query(`CREATE DATABASE ${name}`);
  }
  slow = readSlowly();
  slow.catch(() => {});
});
afterAll(() => postgres.stop());

/** Its first reading alone is slow: the next one needs nobody to mend it in the meantime. */
async function readSlowly() {
  const lines: string[] = [];
  let ms = 0;
  const store = await openDatabase(
    locationOf(postgres.url("slow")),
    (line) => {
      ms = performance.now() - began;
      lines.push(line);
    },
    inTime(),
  );
  await store.swap(null, documentOf("report"), inTime());
  const isSlow = "(CASE WHEN nextval('readings') = 1 THEN pg_sleep(30) END) IS NULL";
  await postgres.query(
    `ALTER TABLE cronyx_job RENAME TO real_job;
    CREATE SEQUENCE readings;
    CREATE VIEW cronyx_job AS SELECT name, version, state FROM real_job WHERE ${isSlow}`,
    "slow",
  );
  const began = performance.now();
  const found = await store.read(["report"], inTime());
  await store.close();
  return { lines, ms, found };
}

/** How many sessions of servers wait for a lock there. */
async function waitingFor(database: string): Promise<number> {
  const rows = await postgres.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'cronyx' AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}

const locationOf = (url: string) => parseDatabaseLocation(url, "JOB_STORE_URL");
const open = (name: string) => openDatabase(locationOf(postgres.url(name)), () => {}, inTime());

describe("a store in PostgreSQL", () => {
  jobStoreSuite(() => open("shared"));
  databaseSuite({
    open,
    async write(name, sql) {
      await postgres.query(sql.replaceAll("AS KEY", "AS bytea"), name);
    },
  });

  test("connections that are cut in between: each swap is taken once, or not at all", async () => {
    const store = await open("cut");
    let version: string | null = null;
    let cutting = true;
    const cutter = (async () => {
      while (cutting) {
        await postgres.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut' AND application_name = 'cronyx'",
        );
      }
    })();
    for (let round = 0; round < 40; round++) {
      const lockId = `lock ${round}`;
      const expected: string | null = version;
      version = (await store.swap(expected, documentOf("report", lockId), inTime())).version;
      expect(version).not.toBeNull();
      const record = (await store.read(["report"], inTime())).records.get("report");
      expect(record).toMatchObject({ version, state: { active: { id: lockId } } });
    }
    cutting = false;
    await cutter;
    await store.close();
  });

  test("reads and swaps find their rows among 10,000 by the index", async () => {
    const store = await open("indexed");
    await postgres.query(
      "INSERT INTO cronyx_job SELECT CAST('job ' || n AS bytea), 'v', '{}' FROM generate_series(1, 10000) AS n; ANALYZE",
      "indexed",
    );
    // PostgreSQL may choose another plan for a prepared statement from its sixth execution on.
    for (let round = 0; round < 10; round++) {
      const name = `report ${round}`;
      const { version } = await store.swap(null, documentOf(name), inTime());
      await store.swap(version, documentOf(name), inTime());
      expect([...(await store.read([name], inTime())).records.keys()]).toEqual([name]);
      await store.read(["missing"], inTime());
      await Promise.all(Array.from({ length: 50 }, (_, at) => store.read([name, `missing ${at}`], inTime())));
    }
    // A session adds its counts when it ends.
    await store.close();
    const [scans] = await postgres.query(
      "SELECT seq_tup_read::int AS scanned, idx_scan::int AS indexed FROM pg_stat_user_tables WHERE relname = 'cronyx_job'",
      "indexed",
    );
    // The rows that sequential scans have read.
    expect(scans.scanned).toBe(0);
    expect(scans.indexed).toBeGreaterThanOrEqual(50);
  });

  test("a statement that takes longer than five seconds is ended by the database, and tried again", async () => {
    const { lines, ms, found } = await slow;
    expect(lines).toEqual([
      expect.stringMatching(/canceling statement due to statement timeout\); trying again in .* left\)$/),
    ]);
    expect(ms).toBeGreaterThanOrEqual(5_000);
    expect(ms).toBeLessThan(6_000);
    expect([...found.records.keys()]).toEqual(["report"]);
  });

  test("a row that another session holds keeps nobody else waiting for long", async () => {
    const store = await open("held");
    const names = ["held", "free", "other"];
    const first = await Promise.all(names.map((name) => store.swap(null, documentOf(name), inTime())));
    const other = new pg.Client({ connectionString: postgres.url("held") });
    await other.connect();
    await other.query("BEGIN; SELECT 1 FROM cronyx_job WHERE name = 'held' FOR UPDATE");
    const began = performance.now();
    const [held, ...others] = names.map((name, at) =>
      store.swap(first[at]?.version ?? null, documentOf(name), inTime()),
    );
    for (const swap of await Promise.all(others)) expect(swap.version).not.toBeNull();
    expect(performance.now() - began).toBeLessThan(3_000);
    await other.query("COMMIT");
    expect((await held)?.version).not.toBeNull();
    await other.end();
    await store.close();
  });

  test("of swaps of one job at once through one server, one is taken", async () => {
    const store = await open("many");
    const before = (await store.read(["report"], inTime())).records.get("report")?.version ?? null;
    for (let expected: string | null = before, round = 0; round < 10; round++) {
      const swaps: Swap[] = await Promise.all(
        Array.from({ length: 8 }, (_, at) => store.swap(expected, documentOf("report", `${round} ${at}`), inTime())),
      );
      const taken = swaps.flatMap(({ version }, at) => (version === null ? [] : [{ version, at }]));
      expect(taken).toHaveLength(1);
      const record = (await store.read(["report"], inTime())).records.get("report");
      expect(record).toMatchObject({
        version: taken[0]?.version,
        state: { active: { id: `${round} ${taken[0]?.at}` } },
      });
      expected = record?.version ?? null;
    }
    await store.close();
  });

  test("a connection that breaks while the schema is made", async () => {
    const blocker = new pg.Client({ connectionString: postgres.url("opening") });
    await blocker.connect();
    await blocker.query("SELECT pg_advisory_lock(7270866157)");
    const relay = await relayTo(postgres.url("opening"));
    const opening = openDatabase(locationOf(relay.url), () => {}, inTime());
    while ((await waitingFor("opening")) === 0) await pause(5);
    relay.reset();
    await blocker.end();
    const store = await opening;
    expect(await store.list(inTime())).toEqual([]);
    await store.close();
    relay.close();
  });

  test("a connection that is terminated in the moment in which it is ready", async () => {
    const relay = await relayTo(postgres.url("terminated"));
    const lines: string[] = [];
    relay.terminateNext();
    const store = await openDatabase(locationOf(relay.url), (line) => lines.push(line), inTime());
    expect(lines).toEqual([expect.stringMatching(/cannot be reached \(.*\); trying again in .* left\)$/)]);
    expect(await store.list(inTime())).toEqual([]);
    await store.close();
    relay.close();
  });

  test("a database that takes no writes for a while, as a replica doesn't: the swap is taken once it does", async () => {
    const store = await open("replica");
    const refused: string[] = [];
    const swapping = await openDatabase(locationOf(postgres.url("replica")), (line) => refused.push(line), inTime());
    await postgres.query("ALTER DATABASE replica SET default_transaction_read_only = on");
    await postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'replica' AND application_name = 'cronyx'",
    );
    const swap = swapping.swap(null, documentOf("report"), inTime());
    while (refused.length === 0) await pause(5);
    await postgres.query("ALTER DATABASE replica SET default_transaction_read_only = off");
    const { version } = await swap;
    expect((await store.read(["report"], inTime())).records.get("report")?.version).toBe(version);
    await swapping.close();
    await store.close();
  });

  test("a swap whose answer was lost, before another try was refused for good, may have been taken", async () => {
    await postgres.query("CREATE ROLE guest LOGIN; GRANT ALL ON SCHEMA public TO guest", "denied");
    const relay = await relayTo(postgres.url("denied").replace("cronyx@", "guest@"));
    const store = await openDatabase(locationOf(relay.url), () => {}, inTime());
    const blocker = new pg.Client({ connectionString: postgres.url("denied") });
    await blocker.connect();
    await blocker.query("BEGIN; LOCK TABLE cronyx_job");
    const swap = store.swap(null, documentOf("report"), inTime());
    while ((await waitingFor("denied")) === 0) await pause(5);
    // It is refused to whoever logs in, and to nobody who has.
    await postgres.query("ALTER ROLE guest NOLOGIN");
    relay.reset();
    await blocker.query("COMMIT");
    await expect(swap).rejects.toMatchObject({ code: "database-login-refused", effect: "possible" });
    await blocker.end();
    await store.close();
    relay.close();
  });

  test("a statement is waited for until the deadline, and none is begun after it", async () => {
    const store = await open("late");
    const blocker = new pg.Client({ connectionString: postgres.url("late") });
    await blocker.connect();
    await blocker.query("BEGIN; LOCK TABLE cronyx_job");
    const from = performance.now();
    const held = store.swap(null, documentOf("held"), deadlineIn(200));
    await expect(held).rejects.toMatchObject({ code: "database-unreachable", effect: "possible" });
    expect(performance.now() - from).toBeLessThan(2_000);
    await blocker.end();
    const late = store.swap(null, documentOf("late"), deadlineIn(0));
    await expect(late).rejects.toMatchObject({ code: "database-unreachable", effect: "none" });
    expect(await store.list(inTime())).not.toContain("late");
    await store.close();
  });

  test("a database of a newer release", async () => {
    await postgres.query("CREATE TABLE cronyx_schema (version integer PRIMARY KEY)", "newer");
    await postgres.query("INSERT INTO cronyx_schema VALUES (99)", "newer");
    const error = await open("newer").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-too-new", effect: "none" });
    expect(serverMessage(error)).toMatch(/version 99.*use a newer release/);
  });

  test("a database that isn't there", async () => {
    const error = await open("nowhere").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-not-found", effect: "none" });
    expect(serverMessage(error)).toContain("JOB_STORE_URL");
  });

  test("a server that isn't there: tried until the deadline, and the password isn't shown", async () => {
    const opening = openDatabase(locationOf("postgres://cronyx:hunter2@127.0.0.1:1/cronyx"), () => {}, deadlineIn(500));
    const error = await opening.catch((reason) => reason);
    expect(error).toMatchObject({ code: "database-unreachable" });
    expect(error.message).toContain("127.0.0.1:1/cronyx");
    expect(error.message).not.toContain("hunter2");
  });
});
