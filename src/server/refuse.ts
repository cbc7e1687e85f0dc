import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { ArgumentError } from "../errors/argument-error.ts";
import { ServiceError } from "../errors/service-error.ts";
import { BadRequest, Forbidden } from "./bad-request.ts";
import type { Metrics } from "./observability/metrics.ts";
import { loggableError, record } from "./observability/request-log.ts";
import { asked } from "./observability/requested-operation.ts";
import { serverMessage } from "./remedies.ts";

interface Answer {
  readonly status: number;
  readonly message: string;
  /** Which field is wrong; undefined where it is no field's fault. */
  readonly field?: string | undefined;
}

/** Answers a request that failed. Internal errors are logged in full; the caller only gets a status and a short message. */
export function refuse(error: Error, request: FastifyRequest, reply: FastifyReply, metrics: Metrics): FastifyReply {
  const told = asked(request);
  const answer = answerTo(error) ?? {
    status: 500,
    message: told === null ? unanswered(error) : `Cannot ${told.operation} job for ${told.jobName}`,
  };
  const { status, message, field } = answer;
  const failed = status >= 500;
  if (told !== null) {
    const outcome = failed ? "failed" : status === 403 ? "forbidden" : "bad-request";
    record(request, reply, metrics, { outcome, field, ...(failed && { error }) });
  } else if (failed) {
    request.log.error({ error: loggableError(error) }, "failed");
  }
  return reply.code(status).send({ message });
}

function unanswered(error: Error): string {
  if (!(error instanceof ServiceError && error.code === "document-damaged")) return "Cannot answer";
  return "The state document of this job is damaged. The server's log says where, and how to repair it";
}

function answerTo(error: Error): Answer | null {
  if (error instanceof BadRequest) return { status: 400, message: error.message, field: error.field };
  if (error instanceof Forbidden) return { status: 403, message: error.message, field: error.field };
  if (error instanceof ArgumentError) return { status: 400, message: serverMessage(error), field: error.field };
  const { code = "", statusCode = 500 } = error as FastifyError;
  const known = KNOWN[code];
  if (known !== undefined) return known;
  return statusCode >= 400 && statusCode < 500 ? { status: statusCode, message: error.message } : null;
}

/** @see https://fastify.dev/docs/latest/Reference/Errors/#fastify-error-codes */
const KNOWN: Readonly<Record<string, Answer>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    message: "The body is longer than 65536 bytes: send less",
    field: "The body",
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 400,
    message: "The Content-Type is missing or another one: it takes application/json",
    field: "Content-Type",
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    message: "The Content-Length isn't that of the body: send the body's length in bytes",
    field: "Content-Length",
  },
  FST_ERR_BAD_URL: {
    status: 400,
    message: "The path can't be percent-decoded: it takes UTF-8, percent-encoded",
    field: "The path",
  },
};
