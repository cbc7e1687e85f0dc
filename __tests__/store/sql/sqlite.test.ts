import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mock } from "node:test";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { parseDatabaseLocation } from "../../../src/location/database-location.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { serverMessage } from "../../../src/server/remedies.ts";
import { openDatabase } from "../../../src/store/open-database.ts";
import { runServer } from "../../../testing/servers/running-server.ts";
import { databaseSuite } from "../../../testing/stores/database-suite.ts";
import { documentOf, inTime, jobStoreSuite } from "../../../testing/stores/job-store-suite.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cronyx-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (name: string) => path.join(folder, `${name}.db`);
const open = (name: string) =>
  openDatabase({ kind: "sqlite", file: fileOf(name) }, { log: () => {}, deadline: inTime() });

/** From now on a store looks at its files only when {@link untilWatched} is called. */
const fakeWatches = () => mock.timers.enable({ apis: ["setInterval"] });
const untilWatched = () => mock.timers.runAll();
afterEach(() => {
  mock.timers.reset();
});

/** Windows removes no file that is open, and asks for a permission before it makes a symbolic link. */
const onPosix = process.platform === "win32" ? test.skip : test;

describe("a store in SQLite", () => {
  jobStoreSuite(() => open("shared"));
  databaseSuite({
    open,
    async write(name, sql) {
      const database = new DatabaseSync(fileOf(name), { timeout: 1_000 });
      database.exec(sql.replaceAll("AS KEY", "AS BLOB"));
      database.close();
    },
  });

  test("each connection has a write-ahead log, and syncs it before a commit returns", async () => {
    const opened: DatabaseSync[] = [];
    const { exec } = DatabaseSync.prototype;
    DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
      if (!opened.includes(this)) opened.push(this);
      return exec.call(this, sql);
    };
    const store = await open("synced").finally(() => {
      DatabaseSync.prototype.exec = exec;
    });
    const settings = ["journal_mode", "synchronous"].map((name) => opened[0]?.prepare(`PRAGMA ${name}`).get());
    expect([opened.length, ...settings]).toEqual([1, { journal_mode: "wal" }, { synchronous: 2 }]);
    await store.close();
  });

  test("a new database has pages of 8 KB, and one that exists keeps the size of its pages", async () => {
    const pageSizeOf = (name: string) => {
      const database = new DatabaseSync(fileOf(name));
      const size = database.prepare("PRAGMA page_size").get()?.page_size;
      database.close();
      return size;
    };
    const earlier = new DatabaseSync(fileOf("earlier"));
    earlier.exec("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE other (id INTEGER)");
    earlier.close();
    for (const name of ["paged", "earlier"]) {
      const store = await open(name);
      expect((await store.swap(null, documentOf("report"), inTime())).version).not.toBeNull();
      await store.close();
    }
    expect([pageSizeOf("paged"), pageSizeOf("earlier")]).toEqual([8_192, 4_096]);
  });

  test("swaps in one batch each get their own result", async () => {
    const store = await open("batch");
    const names = Array.from({ length: 20 }, (_, at) => `job ${at}`);
    const first = await Promise.all(names.map((name) => store.swap(null, documentOf(name), inTime())));
    const second = await Promise.all(
      names.map((name, at) =>
        store.swap(at % 2 === 0 ? (first[at]?.version ?? null) : null, documentOf(name), inTime()),
      ),
    );
    const { records } = await store.read(names, inTime());
    for (const [at, name] of names.entries()) {
      const stands = at % 2 === 0 ? second[at] : first[at];
      if (at % 2 !== 0) expect(second[at]).toEqual({ version: null, effect: "none" });
      expect(records.get(name)?.version).toBe(stands?.version);
    }
    await store.close();
  });

  test.each(["ABORT", "ROLLBACK"])(
    "a swap that the database refuses fails no other swap of its batch: %s",
    async (what) => {
      const name = `refusing-${what}`;
      const store = await open(name);
      const database = new DatabaseSync(fileOf(name));
      const trigger = `BEFORE INSERT ON cronyx_job WHEN NEW.name = CAST('bad' AS BLOB) BEGIN SELECT RAISE(${what}, 'no'); END`;
      database.exec(`CREATE TRIGGER fails ${trigger}`);
      const swaps = ["first", "bad", "last"].map((name) => store.swap(null, documentOf(name), inTime()));
      await expect(swaps[1]).rejects.toMatchObject({ name: "ServiceError", code: "database-refused", effect: "none" });
      for (const good of [swaps[0], swaps[2]]) expect((await good)?.version).not.toBeNull();
      expect(await store.list(inTime())).toEqual(["first", "last"]);
      database.close();
      await store.close();
    },
  );

  test("another writer that holds the database is waited for, and no longer than the deadline", async () => {
    const store = await open("busy");
    const other = new DatabaseSync(fileOf("busy"));
    other.exec("BEGIN IMMEDIATE");
    await expect(store.swap(null, documentOf("report"), deadlineIn(300))).rejects.toMatchObject({
      code: "database-busy",
      effect: "none",
    });
    const waiting = store.swap(null, documentOf("report"), inTime());
    other.exec("COMMIT");
    expect((await waiting).version).not.toBeNull();
    other.close();
    await store.close();
  });

  test("a database of a newer release", async () => {
    const database = new DatabaseSync(fileOf("newer"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const error = await open("newer").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-too-new", effect: "none" });
    expect(serverMessage(error)).toMatch(/version 99.*use a newer release/);
  });

  test("a file that is no database", async () => {
    writeFileSync(fileOf("text"), "x".repeat(5_000));
    await expect(open("text")).rejects.toMatchObject({
      code: "database-unusable",
      message: expect.stringContaining("text.db"),
    });
  });

  (process.platform === "win32" ? describe.skip : describe).each(["", "-wal", "-shm"])(
    "a database whose file cronyx.db%s",
    (suffix) => {
      test.each(["removed", "replaced"])("was %s is written to no more, and its server stops", async (what) => {
        const name = `${what}${suffix}`;
        const lost: unknown[] = [];
        const store = await openDatabase(
          { kind: "sqlite", file: fileOf(name) },
          { log: () => {}, deadline: inTime(), onLost: (error) => lost.push(error) },
        );
        await store.swap(null, documentOf("report"), inTime());
        rmSync(`${fileOf(name)}${suffix}`);
        if (what === "replaced") writeFileSync(`${fileOf(name)}${suffix}`, "");
        for (const call of [
          () => store.swap(null, documentOf("other"), inTime()),
          () => store.read(["report"], inTime()),
          () => store.list(inTime()),
        ]) {
          const error = await call().catch((error: unknown) => error);
          expect(error).toMatchObject({ code: "database-replaced", effect: "none" });
          expect(serverMessage(error)).toMatch(new RegExp(`\\.db${suffix} was .*${what}.*start the server again`));
        }
        expect(lost).toEqual([expect.objectContaining({ code: "database-replaced" })]);
        await store.close();
        // The file of another process is still there.
        expect(existsSync(`${fileOf(name)}${suffix}`)).toBe(what === "replaced");
      });
    },
  );

  onPosix("a server without requests finds out too that a file was removed", async () => {
    fakeWatches();
    const lost: unknown[] = [];
    await openDatabase(
      { kind: "sqlite", file: fileOf("watched") },
      { log: () => {}, deadline: inTime(), onLost: (error) => lost.push(error) },
    );
    untilWatched();
    expect(lost).toEqual([]);
    rmSync(`${fileOf("watched")}-shm`);
    untilWatched();
    expect(lost).toMatchObject([{ code: "database-replaced" }]);
  });

  onPosix(
    "a -wal file that was removed takes no transaction with it: closing moves them into the database",
    async () => {
      const store = await open("rescued");
      const { version } = await store.swap(null, documentOf("report"), inTime());
      rmSync(`${fileOf("rescued")}-wal`);
      await store.close();
      const after = await open("rescued");
      expect((await after.read(["report"], inTime())).records.get("report")?.version).toBe(version);
      await after.close();
    },
  );

  test("an idle server moves its transactions into the database file, which then can be copied alone", async () => {
    fakeWatches();
    const store = await open("idle");
    const { version } = await store.swap(null, documentOf("report"), inTime());
    const ahead = () => statSync(`${fileOf("idle")}-wal`).size > 0;
    untilWatched();
    expect(ahead()).toBe(true);
    untilWatched();
    expect(ahead()).toBe(false);
    copyFileSync(fileOf("idle"), fileOf("copy"));
    const copy = await open("copy");
    expect((await copy.read(["report"], inTime())).records.get("report")?.version).toBe(version);
    await copy.close();
    await store.close();
  });

  test("an idle server moves the transactions too that another process left in the -wal file", async () => {
    fakeWatches();
    const other = new DatabaseSync(fileOf("left"));
    other.exec("PRAGMA journal_mode = WAL; CREATE TABLE other (a); PRAGMA user_version = 0");
    const store = await open("left");
    expect(statSync(`${fileOf("left")}-wal`).size).toBeGreaterThan(0);
    untilWatched();
    expect(statSync(`${fileOf("left")}-wal`).size).toBe(0);
    await store.close();
    other.close();
  });

  onPosix("a symbolic link to the file: the -wal and -shm files are beside the file that it names", async () => {
    mkdirSync(path.join(folder, "real"));
    symlinkSync(path.join(folder, "real", "locks.db"), fileOf("link"));
    const store = await open("link");
    await store.swap(null, documentOf("report"), inTime());
    rmSync(path.join(folder, "real", "locks.db-shm"));
    await expect(store.list(inTime())).rejects.toMatchObject({ code: "database-replaced" });
    await store.close();
  });

  test("a database in memory makes no file, and has the documents of this process", async () => {
    const location = parseDatabaseLocation("sqlite::memory:", "JOB_STORE_URL");
    const store = await openDatabase(location, { log: () => {}, deadline: inTime() });
    const { version } = await store.swap(null, documentOf("report"), inTime());
    expect((await store.read(["report"], inTime())).records.get("report")?.version).toBe(version);
    expect(existsSync(":memory:")).toBe(false);
    await store.close();
  });

  test("a full disk has its own error code, and swaps succeed again once there is room", async () => {
    const opened: DatabaseSync[] = [];
    const { exec } = DatabaseSync.prototype;
    DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
      opened.push(this);
      return exec.call(this, sql);
    };
    const store = await open("no-room").finally(() => {
      DatabaseSync.prototype.exec = exec;
    });
    const limit = (pages: number) => opened[0]?.prepare(`PRAGMA max_page_count = ${pages}`).get();
    limit(1);
    const large = { ...documentOf("large"), filler: "x".repeat(20_000) };
    const error = await store.swap(null, large, inTime()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-full", effect: "none", cause: { errcode: 13 } });
    expect(serverMessage(error)).toContain(
      "no-room.db cannot be used (database or disk is full): make room on its disk",
    );
    const server = await runServer({ store });
    const start = () => server.start(`/${randomUUID()}`, { jobInterval: 1_000 });
    let answer = await start();
    while (answer.status === 200) answer = await start();
    const { status, headers, json } = answer;
    expect({ status, headers, json }).toMatchObject({
      status: 503,
      headers: { "retry-after": "30" },
      json: { message: expect.stringContaining("the server's database is unavailable") },
    });
    expect(server.lines.at(-1)).toMatchObject({
      msg: "start",
      outcome: "failed",
      error: { code: "database-full", message: expect.stringContaining("make room on its disk") },
    });
    limit(1_000);
    expect((await store.swap(null, large, inTime())).version).not.toBeNull();
    expect((await start()).status).toBe(200);
    await server.close();
    await store.close();
  });

  test("a path that is a folder", async () => {
    const error = await openDatabase({ kind: "sqlite", file: folder }, { log: () => {}, deadline: inTime() }).catch(
      (error) => error,
    );
    expect(error).toMatchObject({ code: "database-not-a-file", effect: "none" });
    expect(serverMessage(error)).toContain("is not a file: name a file in JOB_STORE_URL");
  });

  test("a folder that does not exist", async () => {
    const error = await open("no/where").catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "database-not-found", effect: "none" });
    expect(serverMessage(error)).toContain("JOB_STORE_URL");
  });

  test("the file is its owner's to move: a relative path starts where the server does", async () => {
    mkdirSync(path.join(folder, "here"));
    chmodSync(path.join(folder, "here"), 0o755);
    const relative = path.relative(process.cwd(), path.join(folder, "here", "cronyx.db"));
    const store = await openDatabase(parseDatabaseLocation(`sqlite:${relative}`, "JOB_STORE_URL"), {
      log: () => {},
      deadline: inTime(),
    });
    expect(await store.list(inTime())).toEqual([]);
    await store.close();
  });

  test("lists many jobs, some at a time, whatever the order of their bytes", async () => {
    const store = await open("listed");
    const names = Array.from({ length: 4_001 }, (_, at) => `job-${at}`)
      .concat("\uffff", "📈")
      .sort();
    const database = new DatabaseSync(fileOf("listed"), { timeout: 1_000 });
    const insert = database.prepare("INSERT INTO cronyx_job (name, version, state) VALUES (?, 'v', '{}')");
    database.exec("BEGIN");
    for (const name of names) insert.run(Buffer.from(name));
    database.exec("COMMIT");
    database.close();
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    try {
      expect(await store.list(inTime())).toEqual(names);
      expect(turns).toBeGreaterThan(0);
    } finally {
      clearInterval(turning);
      await store.close();
    }
  });
});
