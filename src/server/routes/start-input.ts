import type { FastifyRequest } from "fastify";
import type { Claim } from "../../backend/job-backend.ts";
import { checkLength } from "../../scheduler/duration.ts";
import { type Instant, isInstant, toIso } from "../../scheduler/instant.ts";
import { HOLDER_FIELDS, type Holder } from "../../scheduler/job-state.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import { BadRequest, badInput, type SchemaError, shown } from "../bad-request.ts";
import { HolderHeader, type StartBody, type StartHeaders } from "../schemas.ts";

/**
 * The start request in a body that matches its schema.
 *
 * @param timezone The default.
 * @throws BadRequest or ArgumentError for errors that the schema cannot express.
 */
export function startRequestOf(jobName: string, body: StartBody, timezone: string): StartRequest {
  const { jobInterval, startBuffer, retryInterval, requiredJobNames, noLock, jobIntervalStartedAt } = body;
  // The scheduler checks these lengths too, but its messages do not have the body's field names.
  if (typeof jobInterval !== "string") checkLength("jobInterval", jobInterval, 1);
  if (startBuffer !== undefined) checkLength("startBuffer", startBuffer, 0);
  if (retryInterval !== undefined) checkLength("retryInterval", retryInterval, 0);
  if (jobIntervalStartedAt !== undefined && noLock !== true) {
    throw new BadRequest(
      "jobIntervalStartedAt",
      `jobIntervalStartedAt is ${shown(jobIntervalStartedAt)} without noLock: only a start without a lock may choose its interval, so set noLock to true or leave it out`,
    );
  }
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
  const instant = Date.parse(text);
  // Date.parse reads February 30 as March 2. So the date is parsed without its offset, and compared with the text.
  const wallTime = Date.parse(text.replace(/(Z|[+-]\d{2}:\d{2})$/, "Z"));
  if (isInstant(instant) && isInstant(wallTime) && toIso(wallTime).slice(0, 19) === text.slice(0, 19)) return instant;
  throw new BadRequest(
    "jobIntervalStartedAt",
    `jobIntervalStartedAt is ${shown(text)}, which does not exist: it takes an instant such as 2026-11-24T00:29:32.532Z`,
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The claim in a request's headers. A UUID key becomes the lock's id, so that a client whose answer was lost can still end
 * the lock.
 *
 * @throws BadRequest
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
  const { field, message } = badInput((validate.errors ?? []) as readonly SchemaError[], "Cronyx-Holder");
  throw new BadRequest("Cronyx-Holder", field.startsWith("The ") ? message : `Cronyx-Holder's ${message}`);
}

function decodedJson(header: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(header));
  } catch (cause) {
    throw new BadRequest(
      "Cronyx-Holder",
      `Cronyx-Holder is ${shown(header)}: it takes percent-encoded JSON, an object of ${HOLDER_FIELDS.join(", ")}`,
      { cause },
    );
  }
}
