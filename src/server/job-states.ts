import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { JobState } from "../scheduler/job-state.ts";
import type { JobStore } from "../store/job-store.ts";

const READ_AT_ONCE = 500;
/** Counting reads every job, so it isn't done for each scrape. */
const COUNTS_APART = 15_000;

/** The states of the jobs of these names, in their order, a few hundred at a time. */
export async function* jobStates(
  store: JobStore,
  names: readonly string[],
  deadline: Deadline,
): AsyncGenerator<JobState> {
  for (let at = 0; at < names.length; at += READ_AT_ONCE) {
    const some = names.slice(at, at + READ_AT_ONCE);
    const records = await store.read(some, deadline);
    for (const name of some) {
      const record = records.get(name);
      if (record !== undefined) yield record.state;
    }
  }
}

/** Counts the active locks of a store, at most once in {@link COUNTS_APART}. */
export function activeLocks(store: JobStore, now: () => Instant, deadline: () => Deadline): () => Promise<number> {
  let counted: { readonly at: Instant; readonly count: Promise<number> } | null = null;
  return () => {
    if (counted !== null && now() - counted.at < COUNTS_APART) return counted.count;
    const counting = { at: now(), count: countActive(store, deadline()) };
    counted = counting;
    counting.count.catch(() => {
      if (counted === counting) counted = null;
    });
    return counting.count;
  };
}

async function countActive(store: JobStore, deadline: Deadline): Promise<number> {
  let count = 0;
  for await (const { active } of jobStates(store, await store.list(deadline), deadline)) if (active !== null) count++;
  return count;
}
