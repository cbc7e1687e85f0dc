import type { Claim } from "../../backend/job-backend.ts";
import { type Instant, parseInstant } from "../../scheduler/instant.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import { HOLDER_FIELDS, type Holder } from "../../scheduler/state-document.ts";
import { BadRequest, shown } from "../bad-request.ts";
import type { StartBody, StartHeaders } from "../schemas.ts";

/** @throws BadRequest or ArgumentError for what the schema can't tell. */
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
  throw new BadRequest(
    "jobIntervalStartedAt",
    `jobIntervalStartedAt is ${shown(text)}, which is no date: it takes an instant such as 2026-11-24T00:29:32.532Z`,
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * A key that is a UUID becomes the lock's id, so that a caller who never got the answer can end the lock by it.
 *
 * @throws BadRequest
 */
export function claimOf(
  headers: StartHeaders,
  newId: () => string,
  checkHolder: (holder: unknown) => Holder,
  beforeTaking: () => void,
): Claim {
  const idempotencyKey = headers["idempotency-key"] ?? null;
  const holder = headers["cronyx-holder"];
  return {
    lockId: idempotencyKey !== null && UUID.test(idempotencyKey) ? idempotencyKey : newId(),
    holder: holder === undefined ? null : checkHolder(decodedJson(holder)),
    idempotencyKey,
    beforeTaking,
  };
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
