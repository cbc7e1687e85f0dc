import { JsonFieldError, JsonObject } from "../../scheduler/json-fields.ts";
import type { NotStarted } from "../../scheduler/not-started.ts";
import { readState } from "../../scheduler/read-state-document.ts";
import { HOLDER_FIELDS, type Holder, type JobState } from "../../scheduler/state-document.ts";
import type { StartAnswer } from "../job-backend.ts";

// Reads the answers of a CronyxServer; see docs/rest-api.md. Unknown fields are ignored.

/** An answer that is none of a CronyxServer's. */
export class AnswerError extends Error {
  override name = "AnswerError";
}

/**
 * @param noLock Whether none was asked for: then there is no id.
 * @throws AnswerError
 */
export function startAnswerIn(json: unknown, jobName: string, noLock: boolean): StartAnswer {
  if (json === undefined || json === null) return { started: false, reason: "unknown" };
  return readAnswer(json, (answer) => {
    if (answer.fields.started === false) return refusalIn(answer);
    const id = noLock ? null : answer.text("id");
    return {
      started: true,
      // As it was asked for: the original server gives back the name as it stood in the path.
      jobName,
      intervalStartedAt: answer.instant("intervalStartedAt"),
      intervalEndedAt: answer.instant("intervalEndedAt"),
      createdAt: answer.instant("createdAt"),
      updatedAt: answer.instant("updatedAt"),
      lock: id === null ? null : { jobName, id, record: null },
    };
  });
}

function refusalIn(answer: JsonObject): NotStarted {
  switch (answer.fields.reason) {
    case "active":
      return {
        started: false,
        reason: "active",
        since: answer.instantOrNull("since"),
        holder: answer.fields.holder === null ? null : holderIn(answer.object("holder")),
        retryAt: answer.instantOrNull("retryAt"),
      };
    case "not-due":
      return { started: false, reason: "not-due", dueAt: answer.instantOrNull("dueAt") };
    case "required-job":
      return {
        started: false,
        reason: "required-job",
        jobName: answer.text("jobName"),
        finishedUntil: answer.instantOrNull("finishedUntil"),
        neededUntil: answer.instant("neededUntil"),
      };
    default:
      // A reason that only a later release knows is still a refusal.
      return { started: false, reason: "unknown" };
  }
}

function jobStateIn(job: JsonObject): JobState {
  const name = job.text("name");
  const lock = job.fields.lock;
  const document = {
    v: 1,
    name,
    finishedUntil: job.fields.lastFinished === null ? null : job.object("lastFinished").fields.intervalEndedAt,
    // The server does not send the idempotency key.
    active: lock === null ? null : { ...job.object("lock").fields, idempotencyKey: null },
    history: job.fields.history,
  };
  try {
    return readState(document, name);
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
  return readAnswer(json, (answer) => {
    const jobs = answer.objects("jobs");
    const { damaged = [], next = null } = answer.fields;
    if (!isListOfTexts(damaged)) throw answer.wrong("damaged", "a list of names");
    // Without this check a list that does not advance would never end.
    if (next !== null && !(typeof next === "string" && next > after)) {
      throw answer.wrong("next", `a name after ${after}`);
    }
    return { states: jobs.map(jobStateIn), damaged, next };
  });
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** @throws AnswerError */
export function heldIn(json: unknown): boolean {
  return readAnswer(json, (answer) => {
    const held = answer.fields.held;
    if (typeof held !== "boolean") throw answer.wrong("held", "true or false");
    return held;
  });
}

function holderIn(holder: JsonObject): Holder {
  const known = HOLDER_FIELDS.filter((field) => typeof holder.fields[field] === "string");
  return Object.fromEntries(known.map((field) => [field, holder.fields[field]]));
}

/** @throws AnswerError for a field that `read` finds wrong. */
function readAnswer<Answer>(json: unknown, read: (answer: JsonObject) => Answer): Answer {
  try {
    return read(JsonObject.of(json, "its answer"));
  } catch (cause) {
    if (!(cause instanceof JsonFieldError)) throw cause;
    throw new AnswerError(cause.message, { cause });
  }
}
