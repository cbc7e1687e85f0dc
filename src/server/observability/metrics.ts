import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Operation, Outcome } from "./operation.ts";

/** What Prometheus is told. No job is named: each would be a series of its own. */
export interface Metrics {
  readonly contentType: string;
  count(operation: Operation, outcome: Outcome, seconds: number): void;
  takenOver(): void;
  /** @returns everything counted so far, in Prometheus' text format. */
  text(): Promise<string>;
}

/** @param countActive How many locks are active now. A scrape waits for it, and goes without where it fails. */
export function createMetrics(countActive: () => Promise<number>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const starts = new Counter({
    name: "cronyx_starts_total",
    help: "Starts that were asked for, by what came of them",
    labelNames: ["outcome"],
    registers,
  });
  const ends = new Counter({
    name: "cronyx_ends_total",
    help: "Ends that were asked for, by what came of them",
    labelNames: ["operation", "outcome"],
    registers,
  });
  const takeovers = new Counter({
    name: "cronyx_takeovers_total",
    help: "Locks that were granted to another run while they were active",
    registers,
  });
  const durations = new Histogram({
    name: "cronyx_request_duration_seconds",
    help: "How long an answer took",
    labelNames: ["operation"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  new Gauge({
    name: "cronyx_active_locks",
    help: "Locks that are active now, of all servers on the same store",
    registers,
    async collect() {
      this.set(await countActive().catch(() => Number.NaN));
    },
  });
  return {
    contentType: registry.contentType,
    count(operation, outcome, seconds) {
      durations.observe({ operation }, seconds);
      if (operation === "start") starts.inc({ outcome });
      else ends.inc({ operation, outcome });
    },
    takenOver: () => takeovers.inc(),
    text: () => registry.metrics(),
  };
}
