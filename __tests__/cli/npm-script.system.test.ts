import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

let repository: LocksRepository;
const folder = mkdtempSync(path.join(tmpdir(), "cronyx-cli-"));
beforeAll(async () => {
  repository = await LocksRepository.serve();
  for (const name of ["backup", "report", "summary"]) {
    await repository.write(name, finishedUntil(name, Date.now() - HOUR));
  }
});
afterAll(async () => {
  await repository.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a line of shell in the clone. */
const shell = (line: string) =>
  promisify(execFile)("bash", ["-o", "pipefail", "-c", line], {
    cwd: ROOT,
    env: { ...process.env, CRONYX_URL: repository.httpUrl },
  });

test("npm run cronyx -- COMMAND works in a clone", async () => {
  const { stdout } = await shell("npm run --silent cronyx -- status report --json");
  expect(JSON.parse(stdout)).toMatchObject({ name: "report", lock: null });
});

test("npm leaves the two hyphens of exec to it", async () => {
  const { stdout } = await shell("npm run --silent cronyx -- exec nightly --interval 1hour -- echo -- --json");
  expect(stdout).toBe("-- --json\n");
});

test("a reader that has read enough ends a command without a word", async () => {
  const closed = "node src/cli/main.ts status --json | node -e 'process.stdin.destroy()'";
  const { stderr } = await shell(`PATH=node_modules/node/bin:$PATH; ${closed}`);
  expect(stderr).toBe("");
});
