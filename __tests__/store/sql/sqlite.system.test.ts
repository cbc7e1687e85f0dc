import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { openDatabase } from "../../../src/store/open-database.ts";
import { inTime } from "../../../testing/stores/job-store-suite.ts";

const WRITER = path.resolve(import.meta.dirname, "../../../testing/databases/sqlite-writer.ts");

const folder = mkdtempSync(path.join(tmpdir(), "cronyx-sqlite-"));
const file = path.join(folder, "killed.db");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a process that is killed while it writes loses no document whose swap returned", async () => {
  const writer = fork(WRITER, [file], { execArgv: [] });
  let lastVersion = "";
  let count = 0;
  writer.on("message", (version) => {
    lastVersion = String(version);
    if (++count === 200) writer.kill("SIGKILL");
  });
  await once(writer, "exit");
  expect(count).toBeGreaterThanOrEqual(200);
  const store = await openDatabase({ kind: "sqlite", file }, { log: () => {}, deadline: inTime() });
  const { version, state } = (await store.read(["report"], inTime())).records.get("report") ?? {};
  // The last document may be on disk although its swap has not returned.
  expect([version, (state as { previous?: string } | undefined)?.previous]).toContain(lastVersion);
  await store.close();
});
