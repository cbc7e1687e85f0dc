import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Operation, OperationOutcome } from "./operation.ts";

/** The server's Prometheus metrics. No label holds a job name: the number of time series must not grow with the jobs. */
export interface Metrics {
  readonly contentType: string;
  countOperation(operation: Operation, outcome: OperationOutcome, seconds: number): void;
  countTakeover(): void;
  /** @returns all metrics, in Prometheus' text format. */
  text(): Promise<string>;
}

/** Counts of all jobs in the store, which several servers may share. */
export interface JobCounts {
  readonly active: number;
  readonly overdue: number;
  readonly failing: number;
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
    help: "Finish, interrupt, abandon, renew, resume and skip requests, by outcome",
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
    text: () => registry.metrics(),
  };
}

function addGauges(registry: Registry, countJobs: () => Promise<JobCounts>): void {
  for (const [name, help, count] of [
    ["cronyx_active_locks", "Active locks in the store, which several servers may share", "active"],
    ["cronyx_overdue_jobs", "Jobs that are a whole interval late", "overdue"],
    ["cronyx_failing_jobs", "Jobs whose last run was interrupted or taken over", "failing"],
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
