import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startCommand } from "../../src/command/command.ts";
import { untilWritten } from "../../testing/files/until-written.ts";
import { isAlive } from "../../testing/processes/is-alive.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-tree-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

const written = (file: string) => untilWritten(folder, file);

test.each([
  ["ends at SIGINT", ""],
  ["ignores SIGINT", "trap '' INT"],
])("a child that leaves the group at SIGINT is ended too, while the command %s", async (_, trap) => {
  const name = trap === "" ? "ends" : "ignores";
  const child = `trap 'exec setsid sleep 1000' INT; echo $BASHPID > ${name}.new; mv ${name}.new ${name}; while :; do sleep 0.05; done`;
  let leader = 0;
  const running = await startCommand({
    program: "bash",
    args: ["-c", `(${child}) & ${trap}\nwhile :; do sleep 0.05; done`],
    workingDirectory: folder,
    env: process.env,
    platform: process.platform,
    input: "ignore",
    isVerbatim: false,
    onSpawn: (pid) => {
      leader = pid;
    },
  });
  const pid = Number(await written(name));
  expect(isAlive(pid)).toBe(true);
  await running.stop();
  expect([leader, pid].map(isAlive)).toEqual([false, false]);
});
