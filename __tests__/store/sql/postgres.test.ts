import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { openDatabase } from "../../../src/store/open-database.ts";
import { documentOf, inTime, jobStoreSuite } from "../job-store-suite.ts";
import { databaseSuite } from "./database-suite.ts";
import { startPostgres } from "./postgres-server.ts";

let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres();
  for (const name of ["shared", "new", "kept", "damaged", "many", "newer", "cut"]) {
    await postgres.query(`CREATE DATABASE ${name}`);
  }
});
afterAll(() => postgres.stop());

const open = (name: string) => openDatabase(postgres.url(name), () => {}, inTime());

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
      const record = (await store.read(["report"], inTime())).get("report");
      expect(record).toMatchObject({ version, state: { active: { id: lockId } } });
    }
    cutting = false;
    await cutter;
    await store.close();
  });

  test("a database of a newer release", async () => {
    await postgres.query("CREATE TABLE cronyx_schema (version integer PRIMARY KEY)", "newer");
    await postgres.query("INSERT INTO cronyx_schema VALUES (99)", "newer");
    await expect(open("newer")).rejects.toMatchObject({
      code: "unusable",
      message: expect.stringMatching(/version 99.*use a newer release/),
    });
  });

  test("a database that isn't there", async () => {
    await expect(open("nowhere")).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("JOB_STORE_URL"),
    });
  });

  test("a server that isn't there: tried until the deadline, and the password isn't shown", async () => {
    const opening = openDatabase("postgres://cronyx:hunter2@127.0.0.1:1/cronyx", () => {}, deadlineIn(500));
    const error = await opening.catch((reason) => reason);
    expect(error).toMatchObject({ code: "unreachable" });
    expect(error.message).toContain("127.0.0.1:1/cronyx");
    expect(error.message).not.toContain("hunter2");
  });
});

test.each(["mysql://localhost/x", "sqlite:", "postgres:x", "cronyx.db", ""])("JOB_STORE_URL %j", async (url) => {
  await expect(openDatabase(url, () => {}, inTime())).rejects.toThrow(
    /JOB_STORE_URL is of no known kind: give sqlite:FILE/,
  );
});
