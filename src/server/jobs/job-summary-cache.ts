import type { Deadline } from "../../network/deadline.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { JobStore } from "../../store/job-store.ts";
import { type JobSummary, summaryOf } from "./job-summary.ts";
import { type ListedJob, readJobs } from "./read-jobs.ts";

/** What was read is good for so many times as long as it took to read: however many the jobs, reading them takes little. */
const KEPT_PER_READING = 10;

interface Reading {
  readonly at: Instant;
  /** Until when it is good, however old; endless while it goes on. */
  until: Instant;
  readonly jobs: Promise<Map<string, JobSummary>>;
}

/** Reads every job for what is told of all of them, and remembers the little that it takes of each. */
export class JobSummaryCache {
  readonly #store: JobStore;
  readonly #now: () => Instant;
  readonly #deadline: () => Deadline;
  #last: Reading | null = null;

  constructor(store: JobStore, now: () => Instant, deadline: () => Deadline) {
    this.#store = store;
    this.#now = now;
    this.#deadline = deadline;
  }

  /**
   * @param oldest How long ago it may have been read, in milliseconds, however little that took.
   * @returns every job's summary, by name.
   */
  read(oldest = 0): Promise<ReadonlyMap<string, JobSummary>> {
    if (this.#last !== null && this.#isGood(this.#last, oldest)) return this.#last.jobs;
    const reading: Reading = { at: this.#now(), until: Number.POSITIVE_INFINITY, jobs: this.#readAll() };
    this.#last = reading;
    reading.jobs.then(
      () => {
        const now = this.#now();
        reading.until = now + KEPT_PER_READING * (now - reading.at);
      },
      () => {
        if (this.#last === reading) this.#last = null;
      },
    );
    return reading.jobs;
  }

  /** Notes what was read, or made, since. */
  note(job: ListedJob): void {
    // Who waits for a reading that fails is told there.
    this.#last?.jobs.then((jobs) => jobs.set(job.name, summaryOf(job))).catch(() => {});
  }

  #isGood({ at, until }: Reading, oldest: number): boolean {
    const now = this.#now();
    // A clock that was set back tells no age.
    return now >= at && (now < until || now - at < oldest);
  }

  async #readAll(): Promise<Map<string, JobSummary>> {
    const summaries = new Map<string, JobSummary>();
    const names = await this.#store.list(this.#deadline());
    for await (const job of readJobs(this.#store, names, this.#deadline)) {
      summaries.set(job.name, summaryOf(job));
    }
    return summaries;
  }
}
