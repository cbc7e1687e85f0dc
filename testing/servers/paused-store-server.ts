import { randomUUID } from "node:crypto";
import { serve } from "../../src/cli/serve.ts";
import { MemoryStore } from "../stores/memory-store.ts";

// The server of `cronyx-action serve`, for a test that forks this file.

/** Reports each swap to the test, and performs it only when the test sends a message. */
class PausedStore extends MemoryStore {
  override async swap(...swap: Parameters<MemoryStore["swap"]>) {
    const permission = new Promise((resolve) => process.once("message", resolve));
    process.send?.("swapping");
    await permission;
    return super.swap(...swap);
  }

  override async close() {
    process.send?.("store closed");
  }
}

process.exitCode = await serve({
  args: process.argv.slice(2),
  env: process.env,
  version: "0.0.0",
  now: Date.now,
  newId: randomUUID,
  openStore: async () => new PausedStore(),
  openLog: async () => process.stdout,
  output: process.stdout,
  errors: process.stderr,
  onStop: (stop) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop(signal));
  },
});
process.disconnect?.();
