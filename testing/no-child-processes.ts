// Fast tests start no other process. Every start throws here, and the test fails even if the code under test catches that
// error.
import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { expect } from "@jest/globals";

function refuse(command: unknown): never {
  const error = new Error(`A fast test started the process ${command}: name the test file *.system.test.ts`);
  const { suppressedErrors } = expect.getState();
  expect.setState({ suppressedErrors: [...suppressedErrors, error] });
  throw error;
}

// All asynchronous functions of the module end in this method, which Node's types do not have.
Object.assign(ChildProcess.prototype, { spawn: ({ file }: { readonly file: string }) => refuse(file) });
Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
syncBuiltinESMExports();
