import type { FastifyRequest } from "fastify";
import type { Claim } from "../../backend/job-backend.ts";
import { ArgumentError } from "../../errors/argument-error.ts";
import { type Instant, parseInstant } from "../../scheduler/instant.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import { HOLDER_FIELDS, type Holder } from "../../scheduler/state-document.ts";
import { badInput, type SchemaError } from "../bad-request.ts";
import { HolderHeader, type StartBody, type StartHeaders } from "../schemas.ts";

/**
 * The start request in a body that matches its schema.
 *
 * @param timezone The default.
 * @throws ArgumentError for errors that the schema cannot express.
 */
export function startRequestOf(jobName: string, body: StartBody, timezone: string): StartRequest {
  const { jobInterval, startBuffer, retryInterval, requiredJobNames, noLock, jobIntervalStartedAt } = body;
  return {
    jobName,
    jobInterval,
    timezone: body.timezone ?? timezone,
    ...(startBuffer !== undefined && { startBuffer }),
    ...(retryInterval !== undefined && { retryInterval }),
    ...(requiredJobNames !== undefined && { requiredJobNames }),
    ...(noLock !== undefined && { noLock }),
    ...(jobIntervalStartedAt !== undefined && { jobIntervalStartedAt: instantOf(jobIntervalStartedAt) }),
  };
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new ArgumentError("invalid-instant", {
    field: "jobIntervalStartedAt",
    value: text,
    problem: "does not exist",
    expected: "an instant such as 2026-11-24T00:29:32.532Z",
  });
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The claim in a request's headers. A UUID key becomes the lock's id, so that a client whose answer was lost can still end
 * the lock.
 *
 * @throws ArgumentError
 */
export function claimOf(
  request: FastifyRequest<{ Headers: StartHeaders }>,
  { newId, beforeTaking }: { readonly newId: () => string; readonly beforeTaking: () => void },
): Claim {
  const { "idempotency-key": idempotencyKey = null, "cronyx-holder": holder } = request.headers;
  return {
    lockId: idempotencyKey !== null && UUID.test(idempotencyKey) ? idempotencyKey : newId(),
    holder: holder === undefined ? null : holderOf(holder, request),
    idempotencyKey,
    beforeTaking,
  };
}

function holderOf(header: string, request: Pick<FastifyRequest, "getValidationFunction" | "compileValidationSchema">) {
  const holder = decodedJson(header);
  const validate = request.getValidationFunction(HolderHeader) ?? request.compileValidationSchema(HolderHeader);
  if (validate(holder)) return holder as Holder;
  throw badInput((validate.errors ?? []) as readonly SchemaError[], "Cronyx-Holder");
}

function decodedJson(header: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(header));
  } catch (cause) {
    throw new ArgumentError("wrong-type", {
      field: "Cronyx-Holder",
      value: header,
      problem: "is not percent-encoded JSON",
      expected: `an object of ${HOLDER_FIELDS.join(", ")}`,
      cause,
    });
  }
}
