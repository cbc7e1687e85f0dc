import type { Instant } from "../../scheduler/instant.ts";
import { JsonFieldError, JsonObject } from "../../scheduler/json-fields.ts";
import type { MissingJob, NotStarted } from "../../scheduler/not-started.ts";
import { readState } from "../../scheduler/read-state-document.ts";
import { HOLDER_FIELDS, type Holder, type JobState } from "../../scheduler/state-document.ts";
import type { JobStatus, WhatComesNext } from "../../scheduler/what-comes-next.ts";
import type { ActiveLock, HeldLock, StartAnswer, TakenOver } from "../job-backend.ts";
import { canonicalId, isLockId } from "../lock-id.ts";

// Reads the answers of a CronyxServer; see docs/rest-api.md. Unknown fields are ignored.

/** An answer that no CronyxServer sends. */
export class AnswerError extends Error {
  override name = "AnswerError";
}

/**
 * @param noLock Whether the request was for a start without a lock. Its answer has no id.
 * @throws AnswerError
 */
export function startAnswerIn(json: unknown, jobName: string, noLock: boolean): StartAnswer {
  if (json === undefined || json === null) return { started: false, reason: "unknown" };
  return readAnswer(json, (answer) => {
    if (answer.fields.started === false) return refusalIn(answer);
    const id = noLock ? null : lockIdIn(answer);
    const interval = intervalIn(answer);
    const skippedFrom = optionalInstant(answer, "skippedStartedAt");
    if (skippedFrom !== null && skippedFrom >= interval.intervalStartedAt) {
      throw answer.wrong("skippedStartedAt", "before intervalStartedAt");
    }
    return {
      started: true,
      // The name of the request: an original server answers with the percent-encoded name from the path.
      jobName,
      ...interval,
      ...timesIn(answer),
      lock: id === null ? null : { jobName, id, record: null },
      behind: countIn(answer, "behind"),
      skipped: skippedFrom === null ? null : { from: skippedFrom, until: interval.intervalStartedAt },
      takenOver: takenOverIn(answer),
    };
  });
}

function lockIdIn(answer: JsonObject): string {
  const id = answer.text("id");
  if (!isLockId(id)) throw answer.wrong("id", "1 to 255 visible ASCII characters, and not . or ..");
  return id;
}

function intervalIn(answer: JsonObject) {
  const intervalStartedAt = answer.instant("intervalStartedAt");
  const intervalEndedAt = answer.instant("intervalEndedAt");
  if (intervalEndedAt <= intervalStartedAt) throw answer.wrong("intervalEndedAt", "after intervalStartedAt");
  return { intervalStartedAt, intervalEndedAt };
}

function timesIn(answer: JsonObject) {
  return { createdAt: answer.instant("createdAt"), updatedAt: answer.instant("updatedAt") };
}

function countIn(answer: JsonObject, field: string): number | null {
  const count = answer.fields[field];
  if (count === undefined || count === null) return null;
  if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) {
    throw answer.wrong(field, "a whole number of at least 0");
  }
  return count;
}

function jobNameIn(answer: JsonObject): string {
  const jobName = answer.text("jobName");
  if (charactersIn(jobName) > 255) throw answer.wrong("jobName", "1 to 255 characters");
  return jobName;
}

/** Servers count characters as `checkJobName` does: an emoji is one. */
function charactersIn(text: string): number {
  return [...text].length;
}

function optionalInstant(answer: JsonObject, field: string): Instant | null {
  return answer.fields[field] === undefined ? null : answer.instantOrNull(field);
}

function takenOverIn(answer: JsonObject): TakenOver | null {
  if (answer.fields.takenOver === undefined || answer.fields.takenOver === null) return null;
  const takenOver = answer.object("takenOver");
  return {
    holder: takenOver.fields.holder === null ? null : holderIn(takenOver.object("holder")),
    since: optionalInstant(takenOver, "since"),
  };
}

/** The policies that a server repeats in its answer to a start: docs/rest-api.md. Null: it does not know them. */
interface ConfirmedPolicy {
  readonly startsAt: Instant | null;
  readonly catchUp: string | null;
}

/** @throws AnswerError */
export function confirmedPolicyIn(json: unknown): ConfirmedPolicy {
  return readAnswer(json, (answer) => {
    const { catchUp } = answer.fields;
    return { startsAt: optionalInstant(answer, "startsAt"), catchUp: typeof catchUp === "string" ? catchUp : null };
  });
}

/**
 * An active lock, as `renew` and `resume` answer.
 *
 * @throws AnswerError
 */
export function activeLockIn(json: unknown, jobName: string): ActiveLock {
  return readAnswer(json, (answer) => ({
    jobName,
    ...intervalIn(answer),
    ...timesIn(answer),
    lock: { jobName, id: lockIdIn(answer), record: null },
  }));
}

/** The holder that a 404 or 409 names. @throws AnswerError */
export function namedHolderIn(json: unknown, field: string): Holder | null {
  return readAnswer(json, (answer) => {
    const value = answer.fields[field];
    return typeof value === "object" && value !== null ? holderIn(answer.object(field)) : null;
  });
}

/** When the active lock that a 409 names was taken. Null: the server does not send it. @throws AnswerError */
export function activeSinceIn(json: unknown): Instant | null {
  return readAnswer(json, (answer) => optionalInstant(answer, "since"));
}

function refusalIn(answer: JsonObject): NotStarted {
  switch (answer.fields.reason) {
    case "active":
      return {
        started: false,
        reason: "active",
        id: (answer.fields.id ?? null) === null ? null : lockIdIn(answer),
        since: answer.instantOrNull("since"),
        updatedAt: optionalInstant(answer, "updatedAt"),
        holder: answer.fields.holder === null ? null : holderIn(answer.object("holder")),
        retryAt: answer.instantOrNull("retryAt"),
      };
    case "not-due":
      return { started: false, reason: "not-due", dueAt: answer.instantOrNull("dueAt") };
    case "required-job":
      return {
        started: false,
        reason: "required-job",
        jobName: jobNameIn(answer),
        finishedUntil: answer.instantOrNull("finishedUntil"),
        neededUntil: optionalInstant(answer, "neededUntil"),
        mutual: answer.fields.mutual === true,
      };
    default:
      // A reason that only a later release knows is still a refusal.
      return { started: false, reason: "unknown" };
  }
}

function jobStatusIn(job: JsonObject): JobStatus {
  return { state: jobStateIn(job), next: whatComesNextIn(job) };
}

/** The parts of a state document that a server sends under their own names. */
const DOCUMENT_FIELDS = ["history", "begun", "schedule", "skipped"] as const;

function jobStateIn(job: JsonObject): JobState {
  const name = job.text("name");
  const lock = job.fields.lock;
  const sent = DOCUMENT_FIELDS.filter((field) => job.fields[field] !== undefined && job.fields[field] !== null);
  const document = {
    v: 1,
    name,
    finishedUntil: job.fields.lastFinished === null ? null : job.object("lastFinished").fields.intervalEndedAt,
    // The server does not send the idempotency key.
    active: lock === null ? null : { ...job.object("lock").fields, idempotencyKey: null },
    ...Object.fromEntries(sent.map((field) => [field, job.fields[field]])),
  };
  try {
    return readState(document, name);
  } catch (cause) {
    throw new AnswerError(`its state of a job is damaged: ${(cause as Error).message}`, { cause });
  }
}

/** An older server sends none of these fields. */
function whatComesNextIn(job: JsonObject): WhatComesNext {
  const { overdue, failing, waitingFor } = job.fields;
  return {
    dueAt: optionalInstant(job, "dueAt"),
    behind: countIn(job, "behind"),
    overdue: typeof overdue === "boolean" ? overdue : null,
    failing: failing === true,
    waitingFor: Array.isArray(waitingFor) ? job.objects("waitingFor").map(missingJobIn) : null,
  };
}

function missingJobIn(missing: JsonObject): MissingJob {
  return {
    // The server names only jobs that the caller may use or require.
    jobName: missing.fields.jobName === null ? "another job" : jobNameIn(missing),
    finishedUntil: optionalInstant(missing, "finishedUntil"),
    neededUntil: optionalInstant(missing, "neededUntil"),
    mutual: missing.fields.mutual === true,
  };
}

/** One job's status, as `skip` answers. @throws AnswerError */
export function oneStatusIn(json: unknown): JobStatus {
  return readAnswer(json, jobStatusIn);
}

/**
 * @param after The name after which the requested list begins.
 * @returns the jobs, the names of the jobs whose state documents are damaged, and the name after which the list goes on,
 *   or null at its end.
 * @throws AnswerError
 */
export function jobListIn(json: unknown, after: string) {
  return readAnswer(json, (answer) => {
    const jobs = answer.objects("jobs");
    const { damaged = [], next = null } = answer.fields;
    if (!isListOfTexts(damaged)) throw answer.wrong("damaged", "a list of names");
    // Without this check a list that does not advance would never end.
    if (next !== null && !(typeof next === "string" && next > after)) {
      throw answer.wrong("next", `a name after ${after}`);
    }
    return { jobs: jobs.map(jobStatusIn), damaged, next };
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

/** @throws AnswerError for another lock than the one that the request was about. */
export function checkIsOf(id: string, lock: HeldLock): void {
  if (canonicalId(lock.id) === canonicalId(id)) return;
  throw new AnswerError(`its answer is about the lock ${lock.id}, and not about ${id}`);
}

const LONGEST_HOLDER_FIELD = 2_000;

function holderIn(holder: JsonObject): Holder {
  const known = HOLDER_FIELDS.filter((field) => holder.fields[field] !== undefined);
  for (const field of known) {
    if (charactersIn(holder.text(field)) > LONGEST_HOLDER_FIELD)
      throw holder.wrong(field, `at most ${LONGEST_HOLDER_FIELD} characters`);
  }
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
