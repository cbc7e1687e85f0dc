import { toIso } from "./instant.ts";
import { JsonFieldError, JsonObject } from "./json-fields.ts";
import { HOLDER_FIELDS, type JobState, STATE_VERSION } from "./state-document.ts";

/** A state document that is damaged, or that a newer version wrote. A store never overwrites it. */
export class StateError extends Error {
  override name = "StateError";
}

/**
 * Checks a job's state document, which every store does with each document that it reads.
 *
 * @param document The parsed JSON.
 * @param name The job whose document it should be.
 * @returns `document` itself, with the fields that this version does not know.
 * @throws StateError that names the first wrong field.
 */
export function readState(document: unknown, name: string): JobState {
  try {
    checkState(document, name);
  } catch (cause) {
    if (!(cause instanceof JsonFieldError)) throw cause;
    throw new StateError(cause.message, { cause });
  }
  return document as JobState;
}

function checkState(document: unknown, name: string): void {
  const state = JsonObject.of(document, "the document");
  const version = state.fields.v;
  if (typeof version === "number" && version > STATE_VERSION) {
    throw new StateError(
      `it is of version ${version}, and this release reads version ${STATE_VERSION}: use a newer release`,
    );
  }
  if (version !== STATE_VERSION) throw state.wrong("v", `${STATE_VERSION}`);
  if (state.fields.name !== name) throw state.wrong("name", JSON.stringify(name));
  if (state.fields.finishedUntil !== null) checkInstant(state, "finishedUntil");
  if (state.fields.active !== null) checkLock(state.object("active"), state.fields.finishedUntil);
  for (const run of state.objects("history")) checkEndedRun(run);
  if (isDeeperThan(MAX_DEPTH, document)) throw new StateError(`it has more than ${MAX_DEPTH} levels of fields`);
  if (state.fields.abandoned !== undefined) checkAbandoned(state);
}

/** Unknown fields are written again with the document. JSON.stringify would overflow the stack on deeper ones. */
const MAX_DEPTH = 32;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function checkLock(lock: JsonObject, finishedUntil: unknown): void {
  checkInterval(lock);
  lock.text("id");
  checkInstant(lock, "createdAt");
  checkInstant(lock, "updatedAt");
  if (lock.fields.idempotencyKey !== null) lock.text("idempotencyKey");
  if (lock.fields.holder !== null) checkHolder(lock.object("holder"));
  if (finishedUntil !== null && finishedUntil !== lock.fields.intervalStartedAt) {
    throw lock.wrong("intervalStartedAt", `finishedUntil, ${finishedUntil}`);
  }
}

function checkHolder(holder: JsonObject): void {
  for (const field of HOLDER_FIELDS) {
    if (holder.fields[field] !== undefined) holder.text(field);
  }
}

function checkEndedRun(run: JsonObject): void {
  checkInterval(run);
  run.text("id");
  checkInstant(run, "endedAt");
  if (run.fields.runUrl !== null) run.text("runUrl");
  const ending = run.fields.outcome;
  if (ending !== "finished" && ending !== "interrupted" && ending !== "taken-over") {
    throw run.wrong("outcome", "finished, interrupted or taken-over");
  }
}

function checkAbandoned(state: JsonObject): void {
  const ids = state.fields.abandoned;
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== "string" || id === "")) {
    throw state.wrong("abandoned", "a list of lock ids");
  }
}

function checkInterval(object: JsonObject): void {
  if (checkInstant(object, "intervalStartedAt") >= checkInstant(object, "intervalEndedAt")) {
    throw object.wrong("intervalEndedAt", "an instant after intervalStartedAt");
  }
}

/** Accepts only the form that `toIso` writes, so that equal instants are equal strings. */
function checkInstant(object: JsonObject, field: string): number {
  const instant = object.instant(field);
  const iso = toIso(instant);
  if (object.fields[field] !== iso) throw object.wrong(field, `an instant in UTC with milliseconds, ${iso}`);
  return instant;
}
