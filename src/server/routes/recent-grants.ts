import type { HeldLock } from "../../backend/job-backend.ts";
import type { JobRecord } from "../../store/job-store.ts";

/** A record takes a few kilobytes. */
const MAX_RECORDS = 256;

/**
 * The job records of the locks that were granted last. An end with its record needs no read. A stale or missing record
 * costs one read and nothing else, since the store compares versions.
 */
export class RecentGrants {
  readonly #recordsById = new Map<string, JobRecord>();

  add({ id, record }: HeldLock): void {
    if (record === null) return;
    // Deleted first, so that the map's order stays that of the grants.
    this.#recordsById.delete(id);
    this.#recordsById.set(id, record);
    const [oldest] = this.#recordsById.keys();
    if (this.#recordsById.size > MAX_RECORDS && oldest !== undefined) this.#recordsById.delete(oldest);
  }

  /** Removes a lock, and returns it with its record if there is one. */
  take(jobName: string, id: string): HeldLock {
    const record = this.#recordsById.get(id) ?? null;
    this.#recordsById.delete(id);
    // The caller is authorized for jobName only, so another job's record must not be used.
    return { jobName, id, record: record?.state.name === jobName ? record : null };
  }
}
