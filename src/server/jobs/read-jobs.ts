import { setImmediate } from "node:timers/promises";
import type { Deadline } from "../../network/deadline.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobStore } from "../../store/job-store.ts";
import { readEach } from "../../store/read-each.ts";

/** A job whose state document is damaged. It cannot start until the document is repaired. */
export interface DamagedJob {
  readonly name: string;
  readonly damaged: true;
}

export type ListedJob = JobState | DamagedJob;

export function isDamaged(job: ListedJob): job is DamagedJob {
  // Not `"damaged" in job`: a state document may have an unknown field of that name. It always has a version.
  return !("v" in job);
}

/** SQLite reads synchronously, and a batch of this size blocks the event loop for some 10 ms. */
const BATCH_SIZE = 100;

/**
 * Reads jobs in the order of their names, in batches. Other requests are served between two batches.
 *
 * @param newDeadline Gives the deadline of one batch.
 */
export async function* readJobs(
  store: JobStore,
  names: readonly string[],
  newDeadline: () => Deadline,
): AsyncGenerator<ListedJob> {
  for (let start = 0; start < names.length; start += BATCH_SIZE) {
    await setImmediate();
    const batch = names.slice(start, start + BATCH_SIZE);
    const { records, damaged } = await readEach(store, batch, newDeadline());
    const damagedNames = new Set(damaged);
    for (const name of batch) {
      const record = records.get(name);
      if (record !== undefined) yield record.state;
      else if (damagedNames.has(name)) yield { name, damaged: true };
    }
  }
}
