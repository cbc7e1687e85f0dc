import type { JobSummaryCache } from "./jobs/job-summary-cache.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { ServerOptions } from "./server-options.ts";

/** The collaborators of the routes. */
export interface ServerContext extends ServerOptions {
  readonly metrics: Metrics;
  readonly summaries: JobSummaryCache;
}
