import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Operation, OperationOutcome } from "./operation.ts";

/**
 * The server's Prometheus metrics. The number of time series must not grow with the jobs, so a label holds the name of a job
 * only if a setting lists it.
 */
export interface Metrics {
  readonly contentType: string;
  countOperation(operation: Operation, outcome: OperationOutcome, seconds: number): void;
  countTakeover(): void;
  /**
   * @param listed The jobs that have gauges of their own.
   * @returns all metrics, in Prometheus' text format.
   */
  text(listed: readonly JobGauges[]): Promise<string>;
}

/** The gauges of one job. Null: the value does not follow from the state, or the state could not be read. */
export interface JobGauges {
  readonly jobName: string;
  readonly overdue: boolean | null;
  readonly failing: boolean | null;
  readonly behind: number | null;
}

/** Counts of all jobs in the store, which several servers may share. */
export interface JobCounts {
  readonly active: number;
  readonly overdue: number;
  readonly failing: number;
  readonly damaged: number;
  /** How long ago the oldest active lock was taken, in seconds. 0 without an active lock. */
  readonly oldestLockAge: number;
}

/** @param countJobs Called for each scrape, which waits for the counts. If it fails, the gauges are NaN. */
export function createMetrics(countJobs: () => Promise<JobCounts>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const starts = new Counter({
    name: "cronyx_starts_total",
    help: "Start requests, by outcome",
    labelNames: ["outcome"],
    registers,
  });
  const ends = new Counter({
    name: "cronyx_ends_total",
    help: "Finish, interrupt, abandon, renew, resume and skip requests, by operation and outcome",
    labelNames: ["operation", "outcome"],
    registers,
  });
  const takeovers = new Counter({
    name: "cronyx_takeovers_total",
    help: "Active locks that were taken over by another run",
    registers,
  });
  const durations = new Histogram({
    name: "cronyx_request_duration_seconds",
    help: "Time to answer a request",
    labelNames: ["operation"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  addGauges(registry, countJobs);
  return {
    contentType: registry.contentType,
    countOperation(operation, outcome, seconds) {
      durations.observe({ operation }, seconds);
      if (operation === "start") starts.inc({ outcome });
      else ends.inc({ operation, outcome });
    },
    countTakeover: () => takeovers.inc(),
    text: async (listed) => {
      const texts = [await registry.metrics()];
      if (listed.length > 0) texts.push(await jobMetrics(listed));
      return texts.join("\n");
    },
  };
}

function addGauges(registry: Registry, countJobs: () => Promise<JobCounts>): void {
  for (const [name, help, count] of [
    ["cronyx_active_locks", "Active locks in the store, which several servers may share", "active"],
    ["cronyx_overdue_jobs", "Jobs that are a whole interval late", "overdue"],
    ["cronyx_failing_jobs", "Jobs whose last run was interrupted or taken over", "failing"],
    ["cronyx_damaged_jobs", "Jobs whose state documents are damaged", "damaged"],
    ["cronyx_oldest_lock_age_seconds", "How long ago the oldest active lock was taken, or 0", "oldestLockAge"],
  ] as const) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(
          await countJobs().then(
            (counts) => counts[count],
            () => Number.NaN,
          ),
        );
      },
    });
  }
}

/** A registry for one scrape: the caller may see other jobs than the next one. */
function jobMetrics(listed: readonly JobGauges[]): Promise<string> {
  const registry = new Registry();
  for (const [name, help, read] of [
    ["cronyx_job_overdue", "1 if the job is a whole interval late", ({ overdue }: JobGauges) => overdue],
    [
      "cronyx_job_failing",
      "1 if the job's last run was interrupted or taken over",
      ({ failing }: JobGauges) => failing,
    ],
    ["cronyx_job_behind", "How many further intervals are due after the next one", ({ behind }: JobGauges) => behind],
  ] as const) {
    const gauge = new Gauge({ name, help, labelNames: ["job_name"], registers: [registry] });
    for (const job of listed) {
      const value = read(job);
      gauge.set({ job_name: job.jobName }, value === null ? Number.NaN : Number(value));
    }
  }
  return registry.metrics();
}
