import { setImmediate } from "node:timers/promises";
import type { Deadline } from "../../network/deadline.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobStore } from "../../store/job-store.ts";
import { readEach } from "../../store/read-each.ts";

/** A job of which what is kept is damaged. It can't be started until that is mended; all others can. */
export interface DamagedJob {
  readonly name: string;
  readonly unreadable: true;
}

export type ListedJob = JobState | DamagedJob;

export function isDamaged(job: ListedJob): job is DamagedJob {
  // A document may have a field of that name, and always has its version.
  return !("v" in job);
}

/** SQLite reads in one go, and everyone else waits meanwhile: some 10 ms for so many. */
const READ_AT_ONCE = 100;

/**
 * The states of the jobs of these names, in their order, some at a time; others get their turn in between.
 *
 * @param deadline Begins the time that one reading of some may take.
 */
export async function* readJobs(
  store: JobStore,
  names: readonly string[],
  deadline: () => Deadline,
): AsyncGenerator<ListedJob> {
  for (let at = 0; at < names.length; at += READ_AT_ONCE) {
    await setImmediate();
    const some = names.slice(at, at + READ_AT_ONCE);
    const { records, damaged } = await readEach(store, some, deadline());
    const damagedNames = new Set(damaged);
    for (const name of some) {
      const record = records.get(name);
      if (record !== undefined) yield record.state;
      else if (damagedNames.has(name)) yield { name, unreadable: true };
    }
  }
}
