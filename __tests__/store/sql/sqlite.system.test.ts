import { fork, spawn } from "node:child_process";
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

// Windows has no such limit.
(process.platform === "win32" ? test.skip : test)(
  "a disk that fails leaves it open whether the swap was made",
  async () => {
    const args = [process.execPath, WRITER, path.join(folder, "failed.db")];
    // The size in KiB that a file of the process may have. The write-ahead log reaches it first.
    const limited = ["-c", 'ulimit -f 256 && exec "$@"', "bash", ...args];
    const writer = spawn("bash", limited, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const messages: unknown[] = [];
    writer.on("message", (message) => messages.push(message));
    await once(writer, "exit");
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.at(-1)).toEqual({ code: "database-disk-failed", effect: "possible" });
  },
);
