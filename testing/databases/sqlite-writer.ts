import type { ServiceError } from "../../src/errors/service-error.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { SqliteStore } from "../../src/store/sql/sqlite.ts";

// Writes documents without a pause, and reports the version of each one to the parent process after the write. Ends at the
// first failure, and reports its code and its effect.

const deadline = { remaining: () => 60_000, signal: AbortSignal.timeout(60_000) };
const store = await SqliteStore.open(process.argv[2] ?? "", { log: () => {}, deadline });
let version: string | null = null;
for (;;) {
  const state: JobState = {
    v: 1 as const,
    name: "report",
    finishedUntil: null,
    active: null,
    history: [],
    ...{ previous: version },
  };
  try {
    ({ version } = await store.swap(version, state, deadline));
  } catch (error) {
    const { code, effect } = error as ServiceError;
    process.send?.({ code, effect });
    break;
  }
  await new Promise((resolve) => process.send?.(version, resolve));
}
await store.close();
