import type { JobStore } from "../../src/store/job-store.ts";

/** The same store without its clock, for tests that set the time of decisions themselves. */
export function withoutClock(store: JobStore): JobStore {
  return {
    read: async (names, deadline) => ({ ...(await store.read(names, deadline)), now: null }),
    swap: (expected, state, deadline) => store.swap(expected, state, deadline),
    list: (deadline) => store.list(deadline),
    close: () => store.close(),
  };
}
