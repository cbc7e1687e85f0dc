import { holderLine, oneLine } from "../backend/one-line.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import type { Active, NotDue, NotStarted, RequiredJob } from "../scheduler/not-started.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import type { HolderRun } from "./github/holder-run.ts";

type Beginning =
  | "Not started"
  | "Waiting"
  /** After intervals that the same step has run. */
  | "No further interval";

/** @returns a line of the log about a refusal: the cause, its end, and the way out if that end never comes. */
export function notStartedLine(beginning: Beginning, { request, answer, holderRun }: Refused): string {
  return `${beginning} (${answer.reason}): ${waitingLine({ request, answer, holderRun })}`;
}

interface Refused<Answer = NotStarted> {
  readonly request: StartRequest;
  readonly answer: Answer;
  /** What GitHub says about the run that holds the lock. Null: GitHub was not asked, or did not answer. */
  readonly holderRun: HolderRun | null;
}

function waitingLine({ request, answer, holderRun }: Refused): string {
  const job = oneLine(request.jobName);
  switch (answer.reason) {
    case "active": {
      const { since, holder } = answer;
      if (since === null) {
        return `other runs took the lock of ${job} before each attempt of this step, and a later run can take it; if that goes on, let fewer runs start ${job} at the same time`;
      }
      const run = holderRun === null ? "" : holderRunLine(holderRun);
      return `${job} is held by ${holderLine(holder)} since ${toIso(since)}${run}; ${takeoverLine({ request, answer, holderRun })}`;
    }
    case "not-due":
      return notDueLine(request, answer);
    case "required-job":
      return requiredJobLine(job, answer);
    case "unknown":
      return `the server does not say whether ${job} is held, not due, or waits for a required job; a later run tries again, and with retry-interval set it takes over the lock of a run that never ended`;
  }
}

function holderRunLine({ isCompleted, jobName, isThisRun, isEarlierAttempt }: HolderRun): string {
  const place = isEarlierAttempt ? ", an earlier attempt of this very run" : isThisRun ? ", in this very run" : "";
  const name = jobName === null ? "" : `, as the job "${oneLine(jobName)}"`;
  return `${place}${name}${isCompleted === false ? ", which is still running" : ""}`;
}

function takeoverLine({ request: { retryInterval }, answer: { retryAt }, holderRun }: Refused<Active>): string {
  if (holderRun?.isEarlierAttempt === true && holderRun.isCompleted === null) {
    return 'if that attempt has ended, add "permissions: actions: read" to the workflow or job, so that this step can ask GitHub and take the lock over, or free the lock by hand (docs/locks.md)';
  }
  if (retryInterval === undefined) {
    if (holderRun?.isCompleted === false) {
      return "once that run is over, a later run takes the lock over or finds it free";
    }
    return 'no run takes it over, because retry-interval is not set: if its run is dead, add "permissions: actions: read", set retry-interval, or free the lock by hand (docs/locks.md)';
  }
  if (retryAt === null) return "if its run is dead, a later run takes the lock over by retry-interval";
  return `it can be taken over from ${toIso(retryAt)}, or earlier with a shorter retry-interval`;
}

function notDueLine({ jobName, startsAt, startBuffer }: StartRequest, { dueAt }: NotDue): string {
  const job = oneLine(jobName);
  if (dueAt === null) return `${job} is not due yet, and the server does not say when it is`;
  const buffer = startBuffer === undefined ? "" : ", start-buffer included";
  return `${job} is due at ${toIso(dueAt)}${buffer}, and a run from then on starts it${startsAtLine(startsAt, dueAt)}`;
}

/** The first interval ends after `starts-at`. So a job that is due by then has finished an interval. */
function startsAtLine(startsAt: Instant | undefined, dueAt: Instant): string {
  if (startsAt === undefined) return "";
  if (dueAt <= startsAt) return "; it has finished an interval already, and so ignores starts-at";
  return `; starts-at, ${toIso(startsAt)}, is where its first interval starts, and must be the same in every run; once that interval is finished, starts-at is ignored`;
}

function requiredJobLine(job: string, { jobName, finishedUntil, neededUntil, mutual }: RequiredJob): string {
  const required = oneLine(jobName);
  const needed = neededUntil === null ? "" : ` until ${toIso(neededUntil)}`;
  const reached = finishedUntil === null ? "has finished nothing yet" : `has finished until ${toIso(finishedUntil)}`;
  return `${job} needs ${required} to have finished${needed}, and it ${reached}; ${wayOut()}`;

  function wayOut(): string {
    if (mutual) {
      return `it requires ${job} in turn, so neither can start: take one of the two out of required-job-names`;
    }
    if (finishedUntil === null) {
      return `check that required-job-names has its exact name, and that its workflow runs`;
    }
    return `if it never gets there, repair its runs, skip its intervals (docs/recipes.md), or take it out of required-job-names`;
  }
}
