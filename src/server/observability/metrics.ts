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

/** @param countActiveLocks A scrape waits for it. If it fails, the gauge is NaN. */
export function createMetrics(countActiveLocks: () => Promise<number>): Metrics {
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
    help: "Finish, interrupt and abandon requests, by outcome",
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
  new Gauge({
    name: "cronyx_active_locks",
    help: "Active locks in the store, which several servers may share",
    registers,
    async collect() {
      this.set(await countActiveLocks().catch(() => Number.NaN));
    },
  });
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
