import type { FastifyRequest } from "fastify";
import type { Claim } from "../../backend/job-backend.ts";
import { canonicalId, lockIdOf } from "../../backend/lock-id.ts";
import { ArgumentError } from "../../errors/argument-error.ts";
import { type Instant, parseInstant } from "../../scheduler/instant.ts";
import { jobIntervalOf, lengthOf } from "../../scheduler/interval-text.ts";
import { ifGiven, withoutUndefined } from "../../scheduler/optional-fields.ts";
import type { StartRequest, TakeOver } from "../../scheduler/start-request.ts";
import { HOLDER_FIELDS, type Holder } from "../../scheduler/state-document.ts";
import { badInput, type SchemaError } from "../bad-request.ts";
import { HolderHeader, type StartBody, type StartHeaders, type StartQuery } from "../schemas/requests.ts";

interface StartInput {
  readonly jobName: string;
  readonly body: StartBody;
  readonly query: StartQuery;
  /** The time zone of a start that names none. */
  readonly timezone: string;
}

/**
 * @returns the start request in a body and a query that match their schemas.
 * @throws ArgumentError for errors that the schemas cannot express.
 */
export function startRequestIn({ jobName, body, query, timezone }: StartInput): StartRequest {
  const { jobInterval, startBuffer, retryInterval, requiredJobNames, noLock, jobIntervalStartedAt } = body;
  const { startsAt, catchUp, takeOver } = query;
  return withoutUndefined({
    jobName,
    jobInterval: jobIntervalOf("jobInterval", jobInterval),
    timezone: body.timezone ?? timezone,
    startBuffer: ifGiven(startBuffer, (length) => lengthOf("startBuffer", length)),
    retryInterval: ifGiven(retryInterval, (length) => lengthOf("retryInterval", length)),
    requiredJobNames,
    noLock,
    jobIntervalStartedAt: ifGiven(jobIntervalStartedAt, (text) => instantIn("jobIntervalStartedAt", withZone(text))),
    startsAt: ifGiven(startsAt, (text) => instantIn("startsAt", text)),
    catchUp,
    takeOver: ifGiven(takeOver, takeOverIn),
  });
}

function takeOverIn(text: string): TakeOver {
  const comma = text.lastIndexOf(",");
  return { id: canonicalId(text.slice(0, comma)), updatedAt: instantIn("takeOver", text.slice(comma + 1)) };
}

/**
 * Original clients send more than three fraction digits, and leave the zone out. The result has three digits at most. An
 * instant without a zone is in UTC.
 */
function withZone(text: string): string {
  const [, second = text, fraction = "", zone = "Z"] = /^(.{19})(\.\d+)?(Z|[+-].{5})?$/i.exec(text) ?? [];
  return `${second.replace(" ", "T")}${fraction.slice(0, ".123".length)}${zone}`;
}

/** @throws ArgumentError for a date that does not exist. */
export function instantIn(field: string, text: string): Instant {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new ArgumentError("invalid-instant", {
    field,
    value: text,
    problem: "does not exist",
    expected: "an instant such as 2026-11-24T00:29:32.532Z",
  });
}

/**
 * @returns the claim in a request's headers. A start without an idempotency key gets a random one.
 * @throws ArgumentError
 */
export function claimIn(
  request: FastifyRequest<{ Headers: StartHeaders }>,
  { newId, beforeTaking }: { readonly newId: () => string; readonly beforeTaking: () => void },
): Claim {
  const { "idempotency-key": idempotencyKey = newId() } = request.headers;
  return { idempotencyKey, lockId: lockIdOf(idempotencyKey), holder: holderIn(request), beforeTaking };
}

/**
 * @returns the holder in a request's header. Under OIDC the token's claims identify the run. They fill in the fields that the
 *   header leaves out.
 * @throws ArgumentError for a header that is malformed, or that contradicts the token.
 */
export function holderIn(
  request: Pick<FastifyRequest, "headers" | "caller" | "getValidationFunction" | "compileValidationSchema">,
): Holder | null {
  const header = request.headers["cronyx-holder"];
  const holder = typeof header === "string" ? validHolder(header, request) : null;
  const run = request.caller?.run ?? null;
  if (run === null) return holder;
  for (const [field, claimed] of Object.entries(run) as [keyof Holder, string][]) {
    const given = holder?.[field];
    if (given === undefined || given === claimed) continue;
    throw new ArgumentError("not-allowed", {
      field: `Cronyx-Holder.${field}`,
      value: given,
      problem: "is not that of the token",
      expected: `${JSON.stringify(claimed)}, or leave it out`,
    });
  }
  return { ...holder, ...run };
}

function validHolder(
  header: string,
  request: Pick<FastifyRequest, "getValidationFunction" | "compileValidationSchema">,
) {
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
