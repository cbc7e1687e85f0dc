import { type Deadline, monotonicNow } from "../../network/deadline.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { JobStore } from "../../store/job-store.ts";
import { type JobSummary, summaryOf } from "./job-summary.ts";
import { isDamaged, type ListedJob, readJobs } from "./read-jobs.ts";
import { ScheduleCache } from "./schedule-cache.ts";

/**
 * The summaries stay valid for this many times as long as it took to read them. So at most one eleventh of the time goes
 * into reading, however many jobs there are.
 */
const VALIDITY_FACTOR = 10;

/** While the next reading is in progress, callers get the summaries of the last one up to this age, in times of its reading. */
const STALE_FACTOR = 40;

/** One reading of all jobs. */
interface SummaryReading {
  readonly startedAt: Instant;
  /** Infinite while the reading is in progress. */
  validUntil: Instant;
  /** Until when callers may get its summaries while the next reading is in progress. */
  servesUntil: Instant;
  /** The names of the jobs that are not read yet. Null until the names are listed. */
  unread: Set<string> | null;
  readonly summaries: Promise<Map<string, JobSummary>>;
  /** Settles once all updates so far are applied, in their order. It never rejects. */
  updates: Promise<void>;
}

interface JobSummaryCacheOptions {
  readonly store: JobStore;
  readonly now: () => Instant;
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic?: () => number;
  /** Gives the deadline of one batch. */
  readonly newDeadline: () => Deadline;
  readonly schedules?: ScheduleCache;
}

/** The summaries of all jobs. Concurrent callers share one reading of the store. */
export class JobSummaryCache {
  readonly #store: JobStore;
  readonly #now: () => Instant;
  readonly #monotonic: () => number;
  readonly #newDeadline: () => Deadline;
  readonly #schedules: ScheduleCache;
  #last: SummaryReading | null = null;
  /** The last reading that has finished, while the next one is in progress. */
  #finished: SummaryReading | null = null;

  constructor(options: JobSummaryCacheOptions) {
    const { store, now, monotonic = monotonicNow, newDeadline, schedules = new ScheduleCache() } = options;
    this.#store = store;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#newDeadline = newDeadline;
    this.#schedules = schedules;
  }

  /**
   * @param maxAge Summaries up to this age are valid in any case, in milliseconds. With it no older ones are served while the
   *   next ones are being read.
   * @returns the summaries by job name.
   */
  async read(maxAge: number | null = null): Promise<ReadonlyMap<string, JobSummary>> {
    const last = this.#last !== null && this.#isValid(this.#last, maxAge ?? 0) ? this.#last : this.#startReading();
    const finished = this.#finished;
    const reading = finished !== null && this.#serves(finished, maxAge) ? finished : last;
    await reading.updates;
    return reading.summaries;
  }

  /**
   * Replaces the summary of a job that was just read or changed. A reading that has not read the job yet will see a later
   * state.
   */
  update(job: ListedJob): void {
    for (const reading of [this.#last, this.#finished]) {
      if (reading === null || reading.unread === null || reading.unread.has(job.name)) continue;
      reading.updates = reading.updates
        .then(async () => (await reading.summaries).set(job.name, await this.#summaryOf(job)))
        // A failed reading rejects in read(), so there is nothing to report here.
        .then(
          () => {},
          () => {},
        );
    }
  }

  #startReading(): SummaryReading {
    const startedAt = this.#now();
    const since = this.#monotonic();
    const unknown = Number.POSITIVE_INFINITY;
    let resolve: (summaries: Promise<Map<string, JobSummary>>) => void = () => {};
    const summaries = new Promise<Map<string, JobSummary>>((settle) => {
      resolve = settle;
    });
    const reading: SummaryReading = {
      startedAt,
      validUntil: unknown,
      servesUntil: unknown,
      unread: null,
      summaries,
      updates: Promise.resolve(),
    };
    resolve(this.#readAll(reading));
    this.#finished = this.#last ?? this.#finished;
    this.#last = reading;
    summaries.then(
      () => {
        const now = this.#now();
        // The clock may have been set forward during the reading.
        const took = Math.min(now - startedAt, this.#monotonic() - since);
        reading.validUntil = now + VALIDITY_FACTOR * took;
        reading.servesUntil = now + STALE_FACTOR * took;
        if (this.#last === reading) this.#finished = null;
      },
      () => {
        if (this.#last === reading) this.#last = null;
      },
    );
    return reading;
  }

  async #summaryOf(job: ListedJob): Promise<JobSummary> {
    return summaryOf(job, isDamaged(job) ? null : await this.#schedules.prepare(job.schedule));
  }

  #isValid({ startedAt, validUntil }: SummaryReading, maxAge: number): boolean {
    const now = this.#now();
    // If the clock was set back, the age is unknown.
    return now >= startedAt && (now < validUntil || now - startedAt < maxAge);
  }

  #serves(finished: SummaryReading, maxAge: number | null): boolean {
    if (maxAge !== null) return this.#isValid(finished, maxAge);
    const now = this.#now();
    return now >= finished.startedAt && now < finished.servesUntil;
  }

  async #readAll(reading: Pick<SummaryReading, "unread">): Promise<Map<string, JobSummary>> {
    const summaries = new Map<string, JobSummary>();
    const names = await this.#store.list(this.#newDeadline());
    const unread = new Set(names);
    reading.unread = unread;
    const onBatch = (batch: readonly string[]) => {
      for (const name of batch) unread.delete(name);
    };
    for await (const job of readJobs(names, { store: this.#store, newDeadline: this.#newDeadline, onBatch })) {
      summaries.set(job.name, await this.#summaryOf(job));
    }
    return summaries;
  }
}
