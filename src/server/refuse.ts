import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { ArgumentError } from "../errors/argument-error.ts";
import { ServiceError, type ServiceErrorCode } from "../errors/service-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { ForbiddenError } from "./auth/forbidden-error.ts";
import { EncodedBodyError } from "./bad-request.ts";
import { loggableError } from "./observability/loggable-error.ts";
import type { Metrics } from "./observability/metrics.ts";
import { recordRequest } from "./observability/request-log.ts";
import { requestedOperation } from "./observability/requested-operation.ts";
import { serverFieldName, serverMessage } from "./remedies.ts";

interface Answer {
  readonly status: number;
  readonly message: string;
  /** The name of the invalid field, if one field is the cause. */
  readonly field?: string | undefined;
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number | undefined;
}

/** Answers an error. Internal errors are logged in full; the caller only gets a status and a short message. */
export function refuse(error: Error, reply: FastifyReply, metrics: Metrics): FastifyReply {
  const { request } = reply;
  const requested = requestedOperation(request);
  const answer = answerTo(error, request.headers) ?? internalAnswer(error, requested);
  const { status, message, field, retryAfter } = answer;
  const isInternal = status >= 500;
  if (requested !== null) {
    const outcome = isInternal ? "failed" : status === 403 ? "forbidden" : "bad-request";
    recordRequest(reply, metrics, { outcome, field, ...(isInternal && { error }) });
  } else if (isInternal) {
    request.log.error({ error: loggableError(error) }, "failed");
  }
  if (retryAfter !== undefined) reply.header("retry-after", retryAfter);
  return reply.code(status).send({ message });
}

function internalAnswer(error: Error, requested: ReturnType<typeof requestedOperation>): Answer {
  const code = error instanceof ServiceError ? error.code : null;
  const retryAfter = code === null ? undefined : RETRY_AFTER[code];
  const status = retryAfter === undefined ? 500 : 503;
  if (requested !== null) {
    const failure = `Cannot ${requested.operation} job for ${requested.jobName}`;
    return { status, message: status === 503 ? `${failure}: ${DATABASE_UNAVAILABLE}` : failure, retryAfter };
  }
  return { status, message: status === 503 ? `Cannot read: ${DATABASE_UNAVAILABLE}` : readFailure(code), retryAfter };
}

const DATABASE_UNAVAILABLE = "the server's database is unavailable, and the server's log has the cause";

function readFailure(code: ServiceErrorCode | null): string {
  if (code !== "document-damaged") return "Internal error: the server's log has the cause";
  return "The state document of this job is damaged. The server's log says where, and how to repair it";
}

/** The seconds after which a request may succeed, by the error of the database. Some of the faults need an operator. */
const RETRY_AFTER: Readonly<Partial<Record<ServiceErrorCode, number>>> = {
  "database-unreachable": 1,
  "database-busy": 1,
  "database-replaced": 5,
  "database-full": 30,
  "database-disk-failed": 30,
  "database-cannot-open": 30,
  "database-not-found": 30,
  "database-forbidden": 30,
  "database-login-refused": 30,
};

function answerTo(error: Error, headers: FastifyRequest["headers"]): Answer | null {
  if (error instanceof ArgumentError) {
    const status = error instanceof ForbiddenError ? 403 : error instanceof EncodedBodyError ? 415 : 400;
    return { status, message: serverMessage(error), field: serverFieldName(error.field) };
  }
  const { code = "", statusCode = 500 } = error as FastifyError;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return contentTypeRefusal(headers["content-type"]);
  const answer = FASTIFY_ERRORS[code];
  if (answer !== undefined) return answer;
  return statusCode >= 400 && statusCode < 500 ? { status: statusCode, message: error.message } : null;
}

function contentTypeRefusal(contentType: string | undefined): Answer {
  const given = contentType ? `${shownValue(contentType)} is not supported` : "is missing";
  return { status: 400, message: `The Content-Type ${given}: use application/json`, field: "Content-Type" };
}

/** The answers to Fastify's own errors. @see https://fastify.dev/docs/latest/Reference/Errors/#fastify-error-codes */
const FASTIFY_ERRORS: Readonly<Record<string, Answer>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    message: "The body is longer than 65536 bytes: send a shorter one",
    field: "The body",
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    message: "The Content-Length differs from the body's length: send the length in bytes",
    field: "Content-Length",
  },
  FST_ERR_BAD_URL: {
    status: 400,
    message: "The path is not valid percent-encoding: use percent-encoded UTF-8",
    field: "The path",
  },
};
