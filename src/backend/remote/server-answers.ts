import { type Instant, isInstant } from "../../scheduler/instant.ts";
import { HOLDER_FIELDS, type Holder, type JobState } from "../../scheduler/job-state.ts";
import { readState } from "../../scheduler/read-state.ts";
import type { NotStarted } from "../../scheduler/not-started.ts";
import type { StartAnswer } from "../job-backend.ts";

// Answers of a CronyxServer (docs/rest-api.md), checked by hand: a validation library would be twice the size of all other
// code that a start loads. Unknown fields are ignored.

/** An answer that no CronyxServer gives. */
export class AnswerError extends Error {
  override name = "AnswerError";
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param noLock Whether the start was one without a lock: its answer has no id.
 * @throws AnswerError
 */
export function startAnswerIn(json: unknown, jobName: string, noLock: boolean): StartAnswer {
  if (json === undefined || json === null) return { started: false, reason: "unknown" };
  const fields = fieldsIn(json, "its answer");
  if (fields.started === false) return refusalIn(fields);
  const id = noLock ? null : text(fields, "id");
  return {
    started: true,
    // Not the name in the answer: the original server returns it percent-encoded.
    jobName,
    intervalStartedAt: instant(fields, "intervalStartedAt"),
    intervalEndedAt: instant(fields, "intervalEndedAt"),
    createdAt: instant(fields, "createdAt"),
    updatedAt: instant(fields, "updatedAt"),
    lock: id === null ? null : { jobName, id, record: null },
  };
}

function refusalIn(fields: Fields): NotStarted {
  switch (fields.reason) {
    case "active":
      return {
        started: false,
        reason: "active",
        since: instantOrNull(fields, "since"),
        holder: fields.holder === null ? null : holderIn(fields.holder),
        retryAt: instantOrNull(fields, "retryAt"),
      };
    case "not-due":
      return { started: false, reason: "not-due", dueAt: instantOrNull(fields, "dueAt") };
    case "required-job":
      return {
        started: false,
        reason: "required-job",
        jobName: text(fields, "jobName"),
        finishedUntil: instantOrNull(fields, "finishedUntil"),
        neededUntil: instant(fields, "neededUntil"),
      };
    default:
      // A reason that only a later release knows is still a refusal.
      return { started: false, reason: "unknown" };
  }
}

function jobStateIn(json: unknown, jobName: string): JobState {
  const { lock, lastFinished, history } = fieldsIn(json, "its answer");
  const document = {
    v: 1,
    name: jobName,
    finishedUntil: lastFinished === null ? null : fieldsIn(lastFinished, "lastFinished").intervalEndedAt,
    active: lock === null ? null : { ...fieldsIn(lock, "lock"), idempotencyKey: null },
    history,
  };
  try {
    return readState(document, jobName);
  } catch (cause) {
    throw new AnswerError(`its state of a job is damaged: ${(cause as Error).message}`, { cause });
  }
}

/**
 * @param after The name after which the list was asked to begin.
 * @returns the states, the names of the jobs whose state documents are damaged, and the name after which the list goes on,
 *   or null at its end.
 * @throws AnswerError
 */
export function jobStatesIn(json: unknown, after: string) {
  const { jobs, unreadable: damaged = [], next = null } = fieldsIn(json, "its answer");
  if (!Array.isArray(jobs)) throw wrong("jobs", jobs, "a list");
  if (!isListOfTexts(damaged)) throw wrong("unreadable", damaged, "a list of names");
  // Without this check a list that does not advance would never end.
  if (next !== null && !(typeof next === "string" && next > after)) throw wrong("next", next, `a name after ${after}`);
  const states = jobs.map((job, at) => jobStateIn(job, text(fieldsIn(job, `jobs[${at}]`), "name")));
  return { states, damaged, next };
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** @throws AnswerError */
export function heldIn(json: unknown): boolean {
  const { held } = fieldsIn(json, "its answer");
  if (typeof held !== "boolean") throw wrong("held", held, "true or false");
  return held;
}

function holderIn(value: unknown): Holder {
  const fields = fieldsIn(value, "holder");
  const known = HOLDER_FIELDS.filter((field) => typeof fields[field] === "string");
  return Object.fromEntries(known.map((field) => [field, fields[field]]));
}

function fieldsIn(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(what, value, "an object");
  return value as Fields;
}

function text(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== "string" || value === "") throw wrong(field, value, "a text");
  return value;
}

function instant(fields: Fields, field: string): Instant {
  const value = fields[field];
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!isInstant(parsed)) throw wrong(field, value, "an instant");
  return parsed;
}

function instantOrNull(fields: Fields, field: string): Instant | null {
  return fields[field] === null ? null : instant(fields, field);
}

function wrong(field: string, value: unknown, expected: string): AnswerError {
  const shown = JSON.stringify(value) ?? "missing";
  return new AnswerError(`${field} is ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}, not ${expected}`);
}
