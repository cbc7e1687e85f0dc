import { setImmediate } from "node:timers/promises";
import type { Deadline } from "../network/deadline.ts";
import type { JobState } from "../scheduler/job-state.ts";
import type { JobStore } from "../store/job-store.ts";

/** SQLite reads in one go, and everyone else waits meanwhile: some 10 ms for so many. */
const READ_AT_ONCE = 100;

/**
 * The states of the jobs of these names, in their order, some at a time; others get their turn in between.
 *
 * @param deadline Begins the time that one reading of some may take.
 */
export async function* jobStates(
  store: JobStore,
  names: readonly string[],
  deadline: () => Deadline,
): AsyncGenerator<JobState> {
  for (let at = 0; at < names.length; at += READ_AT_ONCE) {
    await setImmediate();
    const some = names.slice(at, at + READ_AT_ONCE);
    const records = await store.read(some, deadline());
    for (const name of some) {
      const record = records.get(name);
      if (record !== undefined) yield record.state;
    }
  }
}
