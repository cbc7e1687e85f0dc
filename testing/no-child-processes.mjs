// Only the tests named *.system.test.ts and *.programs.test.ts may start other processes. In any other test file every start throws, and the file fails even if the
// code under test catches that error.
import { createRequire } from "node:module";
import { afterAll, expect } from "@jest/globals";

// Jest gives its modules a copy of each built-in module, but `require` returns the module itself.
const childProcess = createRequire(import.meta.url)("node:child_process");
const { spawn } = childProcess.ChildProcess.prototype;
const { spawnSync, execSync, execFileSync } = childProcess;

if (!/\.(system|programs)\.test\.ts$/.test(expect.getState().testPath ?? "")) {
  /** @type {string[]} */
  const started = [];
  /** @param {unknown} command */
  const refuse = (command) => {
    started.push(String(command));
    throw new Error(`A fast test started the process ${command}: name the test file *.system.test.ts`);
  };
  childProcess.ChildProcess.prototype.spawn = (/** @type {{ file: string }} */ { file }) => refuse(file);
  Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
  afterAll(() => {
    // One Jest process runs several test files, and a system test may be the next.
    childProcess.ChildProcess.prototype.spawn = spawn;
    Object.assign(childProcess, { spawnSync, execSync, execFileSync });
    expect(started).toEqual([]);
  });
}
