import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { parseDatabaseLocation } from "../../../src/location/database-location.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { serverMessage } from "../../../src/server/remedies.ts";
import type { Reading, Swap } from "../../../src/store/job-store.ts";
import { openDatabase } from "../../../src/store/open-database.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";
import { relayTo } from "../../../testing/databases/database-relay.ts";
import { startPostgres } from "../../../testing/databases/postgres-server.ts";
import { selfSignedCertificate } from "../../../testing/network/self-signed-certificate.ts";
import { databaseSuite } from "../../../testing/stores/database-suite.ts";
import { documentOf, inTime, jobStoreSuite } from "../../../testing/stores/job-store-suite.ts";

let postgres: Awaited<ReturnType<typeof startPostgres>>;
/** The result of a read whose first statement takes too long. The other tests run meanwhile. */
let slow: Promise<{ lines: string[]; ms: number; found: Reading }>;
/** These tests set something of a database, or read its counts. */
const DATABASES = ["shared", "slow", "replica", "refusing", "indexed"];
/** The other tests have a schema of the database `shared` each: a new database is a copy of hundreds of files. */
const SCHEMAS = [
  ...["new", "kept", "damaged", "many", "newer", "cut", "opening", "terminated", "denied", "late", "held", "changed"],
  "disk",
];
/** The path of a URL, for the name of a database or a schema. */
const pathOf = (name: string) => (SCHEMAS.includes(name) ? `shared?options=-c%20search_path%3D${name}` : name);
const urlOf = (name: string) => postgres.url(pathOf(name));
const query = (text: string, name = "postgres") => postgres.query(text, pathOf(name));

beforeAll(async () => {
  postgres = await startPostgres();
  for (const name of DATABASES) await query(`CREATE DATABASE ${name} STRATEGY FILE_COPY`);
  await query(SCHEMAS.map((name) => `CREATE SCHEMA ${name};`).join(" "), "shared");
  slow = readSlowly();
  slow.catch(() => {});
});
afterAll(() => postgres.stop());

/** @returns the connections to a port that keep this process alive. */
function keepingAlive(port: number): readonly net.Socket[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  return handles()
    .filter((handle) => handle instanceof net.Socket)
    .filter(({ remotePort }) => remotePort === port);
}

/** Reads from a database in which the first statement takes too long. */
async function readSlowly() {
  const lines: string[] = [];
  let ms = 0;
  const store = await openDatabase(locationOf(urlOf("slow")), {
    log: (line) => {
      ms = performance.now() - began;
      lines.push(line);
    },
    deadline: inTime(),
  });
  await store.swap(null, documentOf("report"), inTime());
  const isSlow = "(CASE WHEN nextval('readings') = 1 THEN pg_sleep(30) END) IS NULL";
  await query(
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

/** @returns the number of sessions of the servers that wait for a lock, in a schema of this test. */
async function waitingFor(): Promise<number> {
  const rows = await query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = 'shared' AND application_name = 'cronyx' AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}

const locationOf = (url: string) => parseDatabaseLocation(url, "JOB_STORE_URL");
const open = (name: string) => openDatabase(locationOf(urlOf(name)), { log: () => {}, deadline: inTime() });

describe("a store in PostgreSQL", () => {
  jobStoreSuite(() => open("shared"));
  databaseSuite({
    open,
    async write(name, sql) {
      await query(sql.replaceAll("AS KEY", "AS bytea"), name);
    },
  });

  test("connections that are cut in between: each swap is taken once, or not at all", async () => {
    const store = await open("cut");
    let version: string | null = null;
    let cutting = true;
    const client = new pg.Client({ connectionString: urlOf("postgres") });
    await client.connect();
    const cutter = (async () => {
      while (cutting) {
        await client.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shared' AND application_name = 'cronyx'",
        );
        await pause(10);
      }
      await client.end();
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
    await query(
      `INSERT INTO cronyx_job SELECT CAST('job ' || n AS bytea), 'v', repeat(md5(n::text), 30) FROM generate_series(1, 10000) AS n;
      ANALYZE`,
      "indexed",
    );
    const batch = Array.from({ length: 50 }, (_, at) => store.swap("v", documentOf(`job ${at + 1}`), inTime()));
    for (const { version } of await Promise.all(batch)) expect(version).not.toBeNull();
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
    const [scans] = await query(
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
    expect([...found.records.keys()]).toEqual(["report"]);
  });

  test("a row that another session holds delays the swaps of other rows only briefly", async () => {
    const lines: string[] = [];
    const store = await openDatabase(locationOf(urlOf("held")), {
      log: (line) => lines.push(line),
      deadline: inTime(),
    });
    const names = ["held", "free", "other"];
    const first = await Promise.all(names.map((name) => store.swap(null, documentOf(name), inTime())));
    const other = new pg.Client({ connectionString: urlOf("held") });
    await other.connect();
    await other.query("BEGIN; SELECT 1 FROM cronyx_job WHERE name = 'held' FOR UPDATE");
    const [held, ...others] = names.map((name, at) =>
      store.swap(first[at]?.version ?? null, documentOf(name), inTime()),
    );
    for (const swap of await Promise.all(others)) expect(swap.version).not.toBeNull();
    // The limit for locks ends the wait of the batch, long before the limit of the statement.
    expect(lines[0]).toMatch(/canceling statement due to lock timeout/);
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
    const blocker = new pg.Client({ connectionString: urlOf("opening") });
    await blocker.connect();
    await blocker.query("SELECT pg_advisory_lock(7270866157)");
    const relay = await relayTo(urlOf("opening"));
    const opening = openDatabase(locationOf(relay.url), { log: () => {}, deadline: inTime() });
    while ((await waitingFor()) === 0) await pause(5);
    relay.reset();
    await blocker.end();
    const store = await opening;
    expect(await store.list(inTime())).toEqual([]);
    await store.close();
    relay.close();
  });

  test("a connection that is terminated in the moment in which it is ready", async () => {
    const relay = await relayTo(urlOf("terminated"));
    const lines: string[] = [];
    relay.terminateNext();
    const store = await openDatabase(locationOf(relay.url), { log: (line) => lines.push(line), deadline: inTime() });
    expect(lines).toEqual([expect.stringMatching(/cannot be reached \(.*\); trying again in .* left\)$/)]);
    expect(await store.list(inTime())).toEqual([]);
    await store.close();
    relay.close();
  });

  test("a network that is gone keeps no process alive after the store is closed", async () => {
    const relay = await relayTo(urlOf("cut"));
    const store = await openDatabase(locationOf(relay.url), { log: () => {}, deadline: inTime() });
    const port = Number(new URL(relay.url).port);
    expect(keepingAlive(port).length).toBeGreaterThan(0);
    relay.silence();
    await store.close();
    expect(keepingAlive(port)).toEqual([]);
    relay.close();
  });

  test("a database that takes no writes for a while, as a replica: the swap is made once it does", async () => {
    const store = await open("replica");
    const refused: string[] = [];
    const swapping = await openDatabase(locationOf(urlOf("replica")), {
      log: (line) => refused.push(line),
      deadline: inTime(),
    });
    await query("ALTER DATABASE replica SET default_transaction_read_only = on");
    await query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'replica' AND application_name = 'cronyx'",
    );
    const swap = swapping.swap(null, documentOf("report"), inTime());
    while (refused.length === 0) await pause(5);
    await query("ALTER DATABASE replica SET default_transaction_read_only = off");
    const { version } = await swap;
    expect((await store.read(["report"], inTime())).records.get("report")?.version).toBe(version);
    await swapping.close();
    await store.close();
  });

  test("a swap whose answer was lost, before another try was refused for good, may have been taken", async () => {
    await query("CREATE ROLE guest LOGIN; GRANT ALL ON SCHEMA denied TO guest", "denied");
    const relay = await relayTo(urlOf("denied").replace("cronyx@", "guest@"));
    const store = await openDatabase(locationOf(relay.url), { log: () => {}, deadline: inTime() });
    const blocker = new pg.Client({ connectionString: urlOf("denied") });
    await blocker.connect();
    await blocker.query("BEGIN; LOCK TABLE cronyx_job");
    const swap = store.swap(null, documentOf("report"), inTime());
    while ((await waitingFor()) === 0) await pause(5);
    // PostgreSQL refuses new logins, and keeps existing sessions.
    await query("ALTER ROLE guest NOLOGIN");
    relay.reset();
    await blocker.query("COMMIT");
    await expect(swap).rejects.toMatchObject({ code: "database-login-refused", effect: "possible" });
    await blocker.end();
    await store.close();
    relay.close();
  });

  test("a statement is waited for until the deadline, and none is begun after it", async () => {
    const store = await open("late");
    const blocker = new pg.Client({ connectionString: urlOf("late") });
    await blocker.connect();
    await blocker.query("BEGIN; LOCK TABLE cronyx_job");
    const held = store.swap(null, documentOf("held"), deadlineIn(200));
    await expect(held).rejects.toMatchObject({ code: "database-unreachable", effect: "possible" });
    // PostgreSQL has not ended the statement yet.
    expect(await waitingFor()).toBe(1);
    await blocker.end();
    const late = store.swap(null, documentOf("late"), deadlineIn(0));
    await expect(late).rejects.toMatchObject({ code: "database-unreachable", effect: "none" });
    expect(await store.list(inTime())).not.toContain("late");
    await store.close();
  });

  test("a database whose encoding lacks characters is refused, with a command that creates another one", async () => {
    await query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const error = await open("latin").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-encoding", effect: "none" });
    expect(serverMessage(error)).toContain("/latin has the encoding LATIN1");
    const [command = ""] = /CREATE DATABASE .* template0/.exec(serverMessage(error)) ?? [];
    await query(command);
    const store = await open("cronyx");
    await store.swap(null, documentOf("日報"), inTime());
    expect(await store.list(inTime())).toEqual(["日報"]);
    await store.close();
    expect(await query("SELECT 1 FROM pg_tables WHERE tablename LIKE 'cronyx%'", "latin")).toEqual([]);
  });

  test("a swap that the database refuses fails no other swap of its batch", async () => {
    const store = await open("refusing");
    await query("ALTER TABLE cronyx_job ADD CHECK (name <> 'bad'::bytea)", "refusing");
    const names = ["first", "bad", "last"];
    const inserts = names.map((name) => store.swap(null, documentOf(name), inTime()));
    await expect(inserts[1]).rejects.toMatchObject({
      code: "database-refused",
      effect: "none",
      cause: { code: "23514" },
    });
    const versions = [(await inserts[0])?.version, (await inserts[2])?.version];
    await query("ALTER TABLE cronyx_job ADD CHECK (state NOT LIKE '%refuse me%')", "refusing");
    const updates = ["refuse me", "take me"].map((lockId, at) =>
      store.swap(versions[at] ?? null, documentOf(at === 0 ? "first" : "last", lockId), inTime()),
    );
    await expect(updates[0]).rejects.toMatchObject({ code: "database-refused", effect: "none" });
    expect((await updates[1])?.version).not.toBeNull();
    await store.close();
  });

  test("text that PostgreSQL cannot store, or that looks like SQL, is stored as it is", async () => {
    const store = await open("refusing");
    const odd = ["\0", "\ud800", "\udfff x", "\\", "\\'; DROP TABLE cronyx_job; --", "$1", "E'\\x41'", "日報 🧾"];
    const swaps = odd.map((text, at) => store.swap(null, documentOf(`odd ${at}`, text), inTime()));
    for (const swap of swaps) expect((await swap).version).not.toBeNull();
    const names = odd.map((_, at) => `odd ${at}`);
    const { records } = await store.read(names, inTime());
    expect(names.map((name) => records.get(name)?.state.active?.id)).toEqual(odd);
    await query("ALTER DATABASE refusing SET standard_conforming_strings = off");
    const after = await open("refusing");
    const again = await Promise.all(
      names.map((name, at) => after.swap(records.get(name)?.version ?? null, documentOf(name, odd[at]), inTime())),
    );
    for (const { version } of again) expect(version).not.toBeNull();
    const read = (await after.read(names, inTime())).records;
    expect(names.map((name) => read.get(name)?.state.active?.id)).toEqual(odd);
    await after.close();
    await store.close();
  });

  test("a table whose columns change under the server is used on", async () => {
    const lines: string[] = [];
    const store = await openDatabase(locationOf(urlOf("changed")), {
      log: (line) => lines.push(line),
      deadline: inTime(),
    });
    let { version } = await store.swap(null, documentOf("report"), inTime());
    for (const type of ["varchar", "text"]) {
      for (let round = 0; round < 10; round++) await store.read(["report"], inTime());
      await query(`ALTER TABLE cronyx_job ALTER state TYPE ${type}, ALTER version TYPE ${type}`, "changed");
      expect((await store.read(["report"], inTime())).records.get("report")?.version).toBe(version);
      ({ version } = await store.swap(version, documentOf("report"), inTime()));
      expect(version).not.toBeNull();
    }
    expect(lines).toEqual([]);
    await store.close();
  });

  test("a statement that fails because a plan is out of date (0A000) is tried once more", async () => {
    const store = await open("changed");
    await query(
      `CREATE SEQUENCE tries; ALTER TABLE cronyx_job RENAME TO real_job;
      CREATE FUNCTION changing() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('tries') = 1 THEN RAISE SQLSTATE '0A000' USING MESSAGE = 'cached plan must not change result type'; END IF;
        RETURN true; END $$;
      CREATE VIEW cronyx_job AS SELECT * FROM real_job WHERE changing()`,
      "changed",
    );
    expect([...(await store.read(["report"], inTime())).records.keys()]).toEqual(["report"]);
    await store.close();
  });

  describe("a connection that cannot be made until a setting is changed is refused at once", () => {
    test.each([
      ["a server without TLS", "?sslmode=verify-full", "database-tls-failed", "sslmode"],
      [
        "a certificate file that is missing",
        "?sslmode=verify-full&sslrootcert=/no/such.crt",
        "database-tls-failed",
        "no/such",
      ],
    ])("%s", async (_, parameters, code, says) => {
      const lines: string[] = [];
      const opening = openDatabase(locationOf(urlOf("shared") + parameters), {
        log: (line) => lines.push(line),
        deadline: inTime(),
      });
      const error = await opening.catch((error: unknown) => error);
      expect(error).toMatchObject({ name: "ServiceError", code });
      expect(serverMessage(error)).toContain(says);
      expect(lines).toEqual([]);
    });

    test("a certificate that this machine does not trust, or one for another host", async () => {
      const { key, cert } = selfSignedCertificate("localhost");
      const sockets: net.Socket[] = [];
      const server = net.createServer((socket) => {
        sockets.push(socket.on("error", () => {}));
        // The answer to an SSLRequest: the TLS handshake follows.
        socket.once("data", () => {
          socket.write("S");
          new tls.TLSSocket(socket, { isServer: true, key, cert }).on("error", () => {});
        });
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = server.address() as AddressInfo;
      const lines: string[] = [];
      const url = `postgres://cronyx@127.0.0.1:${port}/locks?sslmode=verify-full`;
      const error = await openDatabase(locationOf(url), { log: (line) => lines.push(line), deadline: inTime() }).catch(
        (error) => error,
      );
      expect(error).toMatchObject({ code: "database-tls-failed", cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
      expect(serverMessage(error)).toMatch(
        /does not trust .DEPTH_ZERO.*check sslmode and sslrootcert in JOB_STORE_URL/,
      );
      expect(lines).toEqual([]);
      server.close();
      // The client ends only its side of the connection.
      for (const socket of sockets) socket.destroy();
    });

    test("a password that is missing", async () => {
      const sockets: net.Socket[] = [];
      const server = net.createServer((socket) => {
        sockets.push(socket.on("error", () => {}));
        // AuthenticationSASL with SCRAM-SHA-256, then AuthenticationSASLContinue.
        const answers = ["R\0\0\0\0\0\0\0\x0aSCRAM-SHA-256\0\0", "R\0\0\0\0\0\0\0\x0br=nonce,s=c2FsdA==,i=4096"];
        socket.on("data", () => {
          const answer = Buffer.from(answers.shift() ?? "", "latin1");
          if (answer.length > 0) answer.writeInt32BE(answer.length - 1, 1);
          socket.write(answer);
        });
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = server.address() as AddressInfo;
      const lines: string[] = [];
      const url = `postgres://locked@127.0.0.1:${port}/locks`;
      const error = await openDatabase(locationOf(url), { log: (line) => lines.push(line), deadline: inTime() }).catch(
        (error) => error,
      );
      expect(error).toMatchObject({ code: "database-login-refused" });
      expect(lines).toEqual([]);
      server.close();
      // The client ends only its side of the connection.
      for (const socket of sockets) socket.destroy();
    });
  });

  test("a full disk of the database has its own error code, and is not tried again", async () => {
    const store = await open("disk");
    await query(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'could not extend file: No space left on device'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON cronyx_job FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      "disk",
    );
    const error = await store.swap(null, documentOf("report"), inTime()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-full", effect: "none", cause: { code: "53100" } });
    expect(serverMessage(error)).toMatch(/No space left on device.*make room on its disk/);
    await store.close();
  });

  test("a database of a newer release", async () => {
    await query("CREATE TABLE cronyx_schema (version integer PRIMARY KEY)", "newer");
    await query("INSERT INTO cronyx_schema VALUES (99)", "newer");
    const error = await open("newer").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-too-new", effect: "none" });
    expect(serverMessage(error)).toMatch(/version 99.*use a newer release/);
  });

  test("a database that does not exist", async () => {
    const error = await open("nowhere").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-not-found", effect: "none" });
    expect(serverMessage(error)).toContain("JOB_STORE_URL");
  });

  test("a server that is not there: tried until the deadline, and the message leaves the password out", async () => {
    const { deadline, pass } = endingDeadline();
    const opening = openDatabase(locationOf("postgres://cronyx:hunter2@127.0.0.1:1/cronyx"), { log: pass, deadline });
    const error = await opening.catch((reason) => reason);
    expect(error).toMatchObject({ code: "database-unreachable" });
    expect(error.message).toContain("127.0.0.1:1/cronyx");
    expect(error.message).not.toContain("hunter2");
  });
});
