import type { FastifyReply } from "fastify";
import { loggableError } from "./loggable-error.ts";
import type { Metrics } from "./metrics.ts";
import type { OperationOutcome } from "./operation.ts";
import { requestedOperation } from "./requested-operation.ts";

/** The result of a request. The request itself supplies the rest of the log line. */
interface RequestResult {
  readonly outcome: OperationOutcome;
  /** The run URL in the request's `Cronyx-Holder` header. */
  readonly runUrl?: string | undefined;
  /** The name of the field that was refused. The log never holds its value. */
  readonly field?: string | undefined;
  readonly takeover?: boolean;
  /** The cause of a failure. Only the log shows it. */
  readonly error?: unknown;
}

const DENIALS: readonly OperationOutcome[] = ["unauthorized", "forbidden", "unavailable"];

/**
 * Logs an operation in one line, and counts it. A request without an operation is logged only if it was denied. Job names
 * and run URLs are the only parts of a request in the log, since every other part may hold a secret.
 */
export function recordRequest(reply: FastifyReply, metrics: Metrics, result: RequestResult): void {
  const { request, elapsedTime } = reply;
  const requested = requestedOperation(request);
  const { outcome, runUrl, field, takeover, error } = result;
  if (requested === null && !DENIALS.includes(outcome)) return;
  if (requested !== null) metrics.countOperation(requested.operation, outcome, elapsedTime / 1000);
  if (takeover) metrics.countTakeover();
  const repository = request.caller?.repository ?? undefined;
  const line = {
    ...(requested !== null && { job: requested.jobName }),
    outcome,
    ms: Math.round(elapsedTime * 1000) / 1000,
    ...(runUrl !== undefined && { runUrl }),
    ...(repository !== undefined && { repository }),
    ...(field !== undefined && { field }),
    ...(takeover && { takeover }),
  };
  const message = requested?.operation ?? "read";
  if (error === undefined) request.log.info(line, message);
  else request.log.error({ ...line, error: loggableError(error) }, message);
}
