import type { FastifyBaseLogger } from "fastify";
import type { Metrics } from "./metrics.ts";

export type Operation = "start" | "finish" | "interrupt" | "abandon";

export type Outcome =
  | "started"
  /** The lock that the same idempotency key was granted before. */
  | "started-again"
  | "active"
  | "not-due"
  | "required-job"
  | "unknown"
  | "finished"
  | "interrupted"
  /** A start that was given up, and held nothing. */
  | "abandoned"
  /** The lock that was to be ended isn't the job's active one. */
  | "not-found"
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "unavailable"
  | "failed";

/** What was asked, and what came of it. */
export interface Entry {
  readonly operation: Operation;
  readonly jobName: string;
  readonly outcome: Outcome;
  readonly ms: number;
  /** The run that asked, as it says itself. */
  readonly runUrl?: string | undefined;
  /** The repository that asked, as its token says. */
  readonly repository?: string | undefined;
  /** Which field was refused. Its value stays out of the log. */
  readonly field?: string | undefined;
  readonly takeover?: boolean;
  /** The answer says nothing of it. */
  readonly error?: unknown;
}

/** Logs and counts a start or an end: one line each, without anything that the caller sent but names. */
export function record(log: FastifyBaseLogger, metrics: Metrics, { operation, ms, error, ...entry }: Entry): void {
  metrics.count(operation, entry.outcome, ms / 1000);
  if (entry.takeover) metrics.takenOver();
  const { jobName: job, outcome, runUrl, repository, field, takeover } = entry;
  const line = {
    job,
    outcome,
    ms: Math.round(ms * 1000) / 1000,
    ...(runUrl !== undefined && { runUrl }),
    ...(repository !== undefined && { repository }),
    ...(field !== undefined && { field }),
    ...(takeover && { takeover }),
  };
  if (error === undefined) log.info(line, operation);
  else log.error({ ...line, error: described(error) }, operation);
}

/** An error's words alone: drivers hang queries and their parameters on theirs. */
export function described(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...("code" in error && { code: String(error.code) }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: described(error.cause) }),
  };
}
