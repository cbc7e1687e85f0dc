// Fast tests start no other process. Every start throws here. The same error, thrown where no code can catch it, also ends the
// worker, so the test file fails.
import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

function refuse(command: unknown): never {
  const error = new Error(`A fast test started the process ${command}: name the test file *.system.test.ts`);
  queueMicrotask(() => {
    throw error;
  });
  throw error;
}

// All asynchronous functions of the module end in this method, which Node's types do not have.
Object.assign(ChildProcess.prototype, { spawn: ({ file }: { readonly file: string }) => refuse(file) });
Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
syncBuiltinESMExports();
