import type { Deadline } from "../network/deadline.ts";
import { type JobRecord, type JobStore, StoreError } from "./job-store.ts";

/** What can be read of several jobs. */
export interface JobRecords {
  readonly records: ReadonlyMap<string, JobRecord>;
  /** The jobs whose documents are damaged. */
  readonly unreadable: readonly string[];
}

/** Reads jobs of which some may be damaged: it looks for those by halves, so that one among many costs few more reads. */
export async function readEach(store: JobStore, names: readonly string[], deadline: Deadline): Promise<JobRecords> {
  try {
    return { records: await store.read(names, deadline), unreadable: [] };
  } catch (error) {
    if (!(error instanceof StoreError && error.code === "damaged") || names.length === 0) throw error;
    if (names.length === 1) return { records: new Map(), unreadable: names };
  }
  const middle = Math.ceil(names.length / 2);
  const first = await readEach(store, names.slice(0, middle), deadline);
  const second = await readEach(store, names.slice(middle), deadline);
  return {
    records: new Map([...first.records, ...second.records]),
    unreadable: [...first.unreadable, ...second.unreadable],
  };
}
