import type { FastifyReply, FastifyRequest } from "fastify";
import { serverMessage } from "../remedies.ts";
import type { Metrics } from "./metrics.ts";
import type { Outcome } from "./operation.ts";
import { asked } from "./requested-operation.ts";

/** What came of a request, beside what the request itself tells. */
export interface Entry {
  readonly outcome: Outcome;
  /** The run that asked, as it says itself. */
  readonly runUrl?: string | undefined;
  /** Which field was refused. Its value stays out of the log. */
  readonly field?: string | undefined;
  readonly takeover?: boolean;
  /** The answer says nothing of it. */
  readonly error?: unknown;
}

/** Who wasn't let in, or not to what they asked for. */
const DENIALS: readonly Outcome[] = ["unauthorized", "forbidden", "unavailable"];

/**
 * Logs and counts a start or an end: one line each, without anything that the caller sent but names. What asks for neither
 * is logged if it was denied.
 */
export function record(request: FastifyRequest, reply: FastifyReply, metrics: Metrics, entry: Entry): void {
  const told = asked(request);
  const { outcome, runUrl, field, takeover, error } = entry;
  if (told === null && !DENIALS.includes(outcome)) return;
  const { operation = "read", jobName: job } = told ?? {};
  const ms = reply.elapsedTime;
  if (told !== null) metrics.count(told.operation, outcome, ms / 1000);
  if (takeover) metrics.takenOver();
  // The repository that asked, as its token says.
  const repository = request.caller?.repository ?? undefined;
  const line = {
    ...(job !== undefined && { job }),
    outcome,
    ms: Math.round(ms * 1000) / 1000,
    ...(runUrl !== undefined && { runUrl }),
    ...(repository !== undefined && { repository }),
    ...(field !== undefined && { field }),
    ...(takeover && { takeover }),
  };
  if (error === undefined) request.log.info(line, operation);
  else request.log.error({ ...line, error: loggableError(error) }, operation);
}

/** An error's words alone: drivers hang queries and their parameters on theirs. */
export function loggableError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: serverMessage(error),
    ...("code" in error && { code: String(error.code) }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: loggableError(error.cause) }),
  };
}
