import type { HeldLock } from "../../backend/job-backend.ts";
import type { JobRecord } from "../../store/job-store.ts";

/** A record is some kilobytes. Runs that take longer than so many others pay for a read. */
const MOST_RECORDS = 256;

/**
 * The records of the locks that were granted last. With its record a lock can be ended without reading the job first;
 * one that is stale, or isn't here, costs that read and nothing else.
 */
export class RecentGrants {
  readonly #byId = new Map<string, JobRecord>();

  keep({ id, record }: HeldLock): void {
    if (record === null) return;
    // A map is in the order in which its keys were set.
    this.#byId.delete(id);
    this.#byId.set(id, record);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > MOST_RECORDS && oldest !== undefined) this.#byId.delete(oldest);
  }

  /** @returns the lock that a caller names, with its record if it is here and is that job's. */
  lockOf(jobName: string, id: string): HeldLock {
    const record = this.#byId.get(id) ?? null;
    this.#byId.delete(id);
    // Who may end this job's locks may not end another's by their ids.
    return { jobName, id, record: record?.state.name === jobName ? record : null };
  }
}
