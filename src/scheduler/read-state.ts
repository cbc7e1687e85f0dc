import { isInstant } from "./instant.ts";
import { HOLDER_FIELDS, type JobState, STATE_VERSION } from "./job-state.ts";

/** A state document that can't be read: forged, cut short, or of a version to come. It is never overwritten. */
export class StateError extends Error {
  override name = "StateError";
}

/**
 * Checks a job's state document when it is read. Written by hand: every start pays for it, and a validation library is
 * twice the bytes of everything else that a start loads.
 *
 * @param document The parsed JSON.
 * @param name The job that it was kept for.
 * @returns the same document, with the fields that this version doesn't know.
 * @throws StateError with the first field that is wrong.
 */
export function readState(document: unknown, name: string): JobState {
  const state = fields(document, "the document");
  if (typeof state.v === "number" && state.v > STATE_VERSION) {
    throw new StateError(
      `it is of version ${state.v}, and this release reads version ${STATE_VERSION}: use a newer release`,
    );
  }
  if (state.v !== STATE_VERSION) throw wrong("v", state.v, `${STATE_VERSION}`);
  if (state.name !== name) throw wrong("name", state.name, JSON.stringify(name));
  if (state.finishedUntil !== null) instant(state, "finishedUntil");
  if (state.active !== null) checkLock(state);
  if (!Array.isArray(state.history)) throw wrong("history", state.history, "a list");
  for (const [at, run] of state.history.entries()) checkEndedRun(fields(run, `history[${at}]`), `history[${at}].`);
  if (isDeeperThan(MOST_LEVELS, document)) throw new StateError(`it has more than ${MOST_LEVELS} levels of fields`);
  if (state.abandoned !== undefined) checkAbandoned(state.abandoned);
  return document as JobState;
}

/** Fields of versions to come are kept, so they must be such that they can be written again. */
const MOST_LEVELS = 32;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

/** As `toIso` writes one. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Fields = Readonly<Record<string, unknown>>;

function checkLock(state: Fields): void {
  const lock = fields(state.active, "active");
  checkInterval(lock, "active.");
  text(lock, "id", "active.");
  instant(lock, "createdAt", "active.");
  instant(lock, "updatedAt", "active.");
  if (lock.idempotencyKey !== null) text(lock, "idempotencyKey", "active.");
  if (lock.holder !== null) {
    const holder = fields(lock.holder, "active.holder");
    for (const field of HOLDER_FIELDS) {
      if (holder[field] !== undefined) text(holder, field, "active.holder.");
    }
  }
  if (state.finishedUntil !== null && state.finishedUntil !== lock.intervalStartedAt) {
    throw wrong("active.intervalStartedAt", lock.intervalStartedAt, `finishedUntil, ${state.finishedUntil}`);
  }
}

function checkEndedRun(run: Fields, at: string): void {
  checkInterval(run, at);
  text(run, "id", at);
  instant(run, "endedAt", at);
  if (run.runUrl !== null) text(run, "runUrl", at);
  if (run.outcome !== "finished" && run.outcome !== "interrupted" && run.outcome !== "taken-over") {
    throw wrong(`${at}outcome`, run.outcome, "finished, interrupted or taken-over");
  }
}

function checkAbandoned(ids: unknown): void {
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== "string" || id === "")) {
    throw wrong("abandoned", ids, "a list of lock ids");
  }
}

function checkInterval(of: Fields, at: string): void {
  if (instant(of, "intervalStartedAt", at) >= instant(of, "intervalEndedAt", at)) {
    throw wrong(`${at}intervalEndedAt`, of.intervalEndedAt, "an instant after intervalStartedAt");
  }
}

function fields(value: unknown, at: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(at, value, "an object");
  return value as Fields;
}

function text(of: Fields, field: string, at = ""): string {
  const value = of[field];
  if (typeof value !== "string" || value === "") throw wrong(at + field, value, "a text");
  return value;
}

function instant(of: Fields, field: string, at = ""): string {
  const value = of[field];
  if (typeof value === "string" && INSTANT.test(value)) {
    const parsed = new Date(value);
    // Date takes February 30 for March 2, and 24 o'clock for the next day's midnight.
    if (isInstant(parsed.getTime()) && parsed.getUTCDate() === Number(value.slice(8, 10))) return value;
  }
  throw wrong(at + field, value, "an instant such as 2026-11-24T00:29:32.532Z");
}

function wrong(field: string, value: unknown, expected: string): StateError {
  const shown = JSON.stringify(value) ?? "missing";
  return new StateError(`${field} is ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}, not ${expected}`);
}
