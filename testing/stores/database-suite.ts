import { expect, test } from "@jest/globals";
import { serverMessage } from "../../src/server/remedies.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { documentOf, inTime } from "./job-store-suite.ts";

/** Tests that each kind of database must pass, in addition to the suite for every store. */
export function databaseSuite({
  open,
  write,
}: {
  /** Opens the database of this name, and creates it if it does not exist. */
  readonly open: (name: string) => Promise<JobStore>;
  /** Runs a statement in the database, not through the store. */
  readonly write: (name: string, sql: string) => Promise<void>;
}) {
  test("ten servers open a new database at once", async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, () => open("new")));
    const swaps = await Promise.all(stores.map((store) => store.swap(null, documentOf("report"), inTime())));
    expect(swaps.filter(({ version }) => version !== null)).toHaveLength(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("a document is still there after the database is opened again", async () => {
    const before = await open("kept");
    const document = documentOf("report");
    const { version } = await before.swap(null, document, inTime());
    await before.close();
    const after = await open("kept");
    expect((await after.read(["report"], inTime())).records.get("report")).toEqual({ version, state: document });
    await after.close();
  });

  test("a document that cannot be read is an error, and is not changed", async () => {
    const store = await open("damaged");
    const { version } = await store.swap(null, documentOf("report"), inTime());
    await write("damaged", "UPDATE cronyx_job SET state = '{\"v\":2}'");
    const error = await store.read(["report"], inTime()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "document-damaged", effect: "none" });
    expect(serverMessage(error)).toMatch(/"report".*version 2.*use a newer release.*cronyx_job/s);
    await write("damaged", "UPDATE cronyx_job SET state = 'cut sho'");
    await expect(store.read(["report"], inTime())).rejects.toMatchObject({ code: "document-damaged" });
    expect(version).not.toBeNull();
    await store.close();
  });

  test("a job among 100,000 is found as fast as one alone", async () => {
    const store = await open("many");
    const document = JSON.stringify(documentOf("x")).replaceAll("'", "''");
    await write("many", insertOf(document, 0, 0));
    const alone = await timeOf(store);
    await write("many", insertOf(document, 1, 100_000));
    const among = await timeOf(store);
    expect(among / alone).toBeLessThan(5);
    await store.close();
  });
}

/** Inserts rows for the jobs from `first` to `last`. All of them have the same document. */
function insertOf(document: string, first: number, last: number): string {
  return `WITH RECURSIVE number(n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM number WHERE n < ${last})
    INSERT INTO cronyx_job (name, version, state) SELECT CAST('job ' || n AS KEY), CAST(n AS text), '{}' FROM number`.replace(
    "{}",
    () => document,
  );
}

/** @returns the shortest time to read a job that does not exist, in milliseconds: other work on the machine only adds time. */
async function timeOf(store: JobStore): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 200; at++) {
    const started = performance.now();
    await store.read(["missing"], inTime());
    times.push(performance.now() - started);
  }
  return Math.min(...times);
}
