import { setImmediate } from "node:timers/promises";
import type { Deadline } from "../../network/deadline.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type JobStatus, whatComesNext } from "../../scheduler/what-comes-next.ts";
import type { JobStore } from "../../store/job-store.ts";
import { readEach } from "../../store/read-each.ts";

/** A job whose state document is damaged. It cannot start until the document is repaired. */
export interface DamagedJob {
  readonly name: string;
  readonly damaged: true;
}

export type ListedJob = JobState | DamagedJob;

export type ListedStatus = JobStatus | DamagedJob;

export function isDamaged<Job extends JobState | JobStatus>(job: Job | DamagedJob): job is DamagedJob {
  // Not `"damaged" in job`: a state document may have an unknown field of that name. It always has a version.
  return !("v" in job || "state" in job);
}

export function nameOf(job: ListedStatus): string {
  return isDamaged(job) ? job.name : job.state.name;
}

/** SQLite reads synchronously, and a batch of this size blocks the event loop for some 10 ms. */
const BATCH_SIZE = 100;

interface JobReading {
  readonly store: JobStore;
  /** Gives the deadline of one batch. */
  readonly newDeadline: () => Deadline;
  /** Called before each batch is read, with its names. */
  readonly onBatch?: (names: readonly string[]) => void;
}

/** Reads jobs in the order of their names, in batches. Other requests are served between two batches. */
export async function* readJobs(
  names: readonly string[],
  { store, newDeadline, onBatch = () => {} }: JobReading,
): AsyncGenerator<ListedJob> {
  for (let start = 0; start < names.length; start += BATCH_SIZE) {
    await setImmediate();
    const batch = names.slice(start, start + BATCH_SIZE);
    onBatch(batch);
    const { records, damaged } = await readEach(store, batch, newDeadline());
    const damagedNames = new Set(damaged);
    for (const name of batch) {
      const record = records.get(name);
      if (record !== undefined) yield record.state;
      else if (damagedNames.has(name)) yield { name, damaged: true };
    }
  }
}

export interface StatusOptions extends Pick<JobReading, "store" | "newDeadline"> {
  readonly now: () => Instant;
}

/** A request may list any number of jobs, and a job may require up to 1000 others. More states would take too much memory. */
const MAX_REQUIRED_STATES = 1_000;

/** Reads the statuses of jobs in the order of their names. It reads each required job once for several jobs that require it. */
export async function* readStatuses(
  names: readonly string[],
  { store, now, newDeadline }: StatusOptions,
): AsyncGenerator<ListedStatus> {
  const required = new Map<string, JobState | null>();
  for await (const job of readJobs(names, { store, newDeadline })) {
    if (isDamaged(job)) {
      yield job;
      continue;
    }
    if (required.size > MAX_REQUIRED_STATES) required.clear();
    const unread = (job.schedule?.requiredJobNames ?? []).filter((name) => !required.has(name));
    for (const name of unread) required.set(name, null);
    for await (const other of readJobs(unread, { store, newDeadline })) {
      if (!isDamaged(other)) required.set(other.name, other);
    }
    yield { state: job, next: await whatComesNext({ state: job, required, now: now() }) };
  }
}
