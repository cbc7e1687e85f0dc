import { isIso, toIso } from "./instant.ts";
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
  if (isDeeperThan(MAX_DEPTH, state.fields)) throw new StateError(`it has more than ${MAX_DEPTH} levels of fields`);
  if (state.fields.begun !== undefined) checkInterval(state.object("begun"));
  if (state.fields.schedule !== undefined) checkSchedule(state.object("schedule"));
  if (state.fields.skipped !== undefined) for (const span of state.objects("skipped")) checkSkipped(span);
  if (state.fields.ended !== undefined) for (const run of state.objects("ended")) checkId(run, "endedAt");
  if (state.fields.abandoned !== undefined) checkAbandoned(state);
}

/** Unknown fields are written again with the document. JSON.stringify would overflow the stack on deeper ones. */
const MAX_DEPTH = 32;

function isDeeperThan(levels: number, value: object): boolean {
  if (levels === 0) return true;
  // `for…in` takes three times as long here.
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null && isDeeperThan(levels - 1, inner)) return true;
  }
  return false;
}

function checkLock(lock: JsonObject, finishedUntil: unknown): void {
  checkInterval(lock);
  lock.text("id");
  checkInstant(lock, "createdAt");
  checkInstant(lock, "updatedAt");
  if (lock.fields.idempotencyKey !== null) lock.text("idempotencyKey");
  if (lock.fields.holder !== null) checkHolder(lock.object("holder"));
  // An earlier start would let `finishedUntil` move back.
  if (typeof finishedUntil === "string" && lock.text("intervalStartedAt") < finishedUntil) {
    throw lock.wrong("intervalStartedAt", `an instant at or after finishedUntil, ${finishedUntil}`);
  }
}

function checkHolder(holder: JsonObject): void {
  for (const field of HOLDER_FIELDS) {
    if (holder.fields[field] !== undefined) holder.text(field);
  }
}

function checkEndedRun(run: JsonObject): void {
  checkInterval(run);
  checkId(run, "endedAt");
  if (run.fields.createdAt !== undefined) checkInstant(run, "createdAt");
  if (run.fields.runUrl !== null) run.text("runUrl");
  if (run.fields.holder !== undefined) checkHolder(run.object("holder"));
  // A newer version may know outcomes that this one does not.
  run.text("outcome");
}

/** Only the kinds of the fields: a newer version may know other intervals, and `whatComesNext` reads no more than it can. */
function checkSchedule(schedule: JsonObject): void {
  const { jobInterval, startBuffer, requiredJobNames } = schedule.fields;
  if (!isLength(jobInterval) && typeof jobInterval !== "string") {
    throw schedule.wrong("jobInterval", "a string, a number or an object");
  }
  if (!isLength(startBuffer)) throw schedule.wrong("startBuffer", "a number or an object");
  schedule.text("timezone");
  if (!Array.isArray(requiredJobNames) || requiredJobNames.some((name) => typeof name !== "string" || name === "")) {
    throw schedule.wrong("requiredJobNames", "a list of job names");
  }
}

function isLength(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "object" && value !== null && !Array.isArray(value));
}

function checkSkipped(span: JsonObject): void {
  checkSpan(span, "skippedStartedAt", "skippedEndedAt");
  checkInstant(span, "recordedAt");
}

/** An id in an older document has no age. */
function checkAbandoned(state: JsonObject): void {
  const { abandoned } = state.fields;
  if (!Array.isArray(abandoned) || abandoned.includes("")) throw state.wrong("abandoned", "a list of lock ids");
  for (const [at, entry] of abandoned.entries()) {
    if (typeof entry !== "string") checkId(state.item("abandoned", at), "abandonedAt");
  }
}

function checkId(object: JsonObject, since: string): void {
  object.text("id");
  checkInstant(object, since);
}

function checkInterval(object: JsonObject): void {
  checkSpan(object, "intervalStartedAt", "intervalEndedAt");
}

function checkSpan(object: JsonObject, start: string, end: string): void {
  if (checkInstant(object, start) >= checkInstant(object, end)) throw object.wrong(end, `an instant after ${start}`);
}

/** A length of time has up to 1000 years. From any earlier instant an interval and a delay stay within the year 9999. */
const FIRST_TOO_LATE = "7000-01-01T00:00:00.000Z";

/** Accepts only the form that `toIso` writes, so that equal instants are equal strings, and the earlier one sorts first. */
function checkInstant(object: JsonObject, field: string): string {
  const value = object.fields[field];
  if (typeof value !== "string" || !isIso(value)) {
    throw object.wrong(field, `an instant in UTC with milliseconds, ${toIso(object.instant(field))}`);
  }
  if (value >= FIRST_TOO_LATE) throw object.wrong(field, "an instant before the year 7000");
  return value;
}
