import { ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { JobRecord, JobStore } from "./job-store.ts";

/** The records of several jobs, some of which may be damaged. */
export interface JobRecords {
  readonly records: ReadonlyMap<string, JobRecord>;
  /** The names of the jobs whose documents are damaged. */
  readonly damaged: readonly string[];
  /** The present time of the store's clock. Null if the store has none, or if no record could be read. */
  readonly now: Instant | null;
}

/** Whether the error comes from the document of one job, so that the other jobs can be read. */
export function isDamage(error: unknown): error is ServiceError {
  return error instanceof ServiceError && (error.code === "document-damaged" || error.code === "ref-without-object");
}

/** Reads jobs of which some may be damaged. It finds those by halving, so that one among many costs few more reads. */
export async function readEach(store: JobStore, names: readonly string[], deadline: Deadline): Promise<JobRecords> {
  try {
    return { ...(await store.read(names, deadline)), damaged: [] };
  } catch (error) {
    if (!isDamage(error) || names.length === 0) throw error;
    if (names.length === 1) return { records: new Map(), damaged: names, now: null };
  }
  const middle = Math.ceil(names.length / 2);
  const first = await readEach(store, names.slice(0, middle), deadline);
  const second = await readEach(store, names.slice(middle), deadline);
  return {
    records: new Map([...first.records, ...second.records]),
    damaged: [...first.damaged, ...second.damaged],
    now: second.now ?? first.now,
  };
}
