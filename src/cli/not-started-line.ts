import { holderLine, oneLine } from "../backend/one-line.ts";
import { toIso } from "../scheduler/instant.ts";
import type { Active, NotDue, NotStarted, RequiredJob } from "../scheduler/not-started.ts";
import type { StartRequest } from "../scheduler/start-request.ts";

/** @returns a line about a refusal: the cause, its end, and the way out if that end never comes. */
export function notStartedLine(
  beginning: "Not started" | "Waiting",
  request: StartRequest,
  refusal: NotStarted,
): string {
  return `${beginning} (${refusal.reason}): ${waitingLine(request, refusal)}`;
}

function waitingLine(request: StartRequest, refusal: NotStarted): string {
  const job = oneLine(request.jobName);
  switch (refusal.reason) {
    case "active":
      return activeLine(job, request, refusal);
    case "not-due":
      return notDueLine(job, request, refusal);
    case "required-job":
      return requiredJobLine(job, refusal);
    case "unknown":
      return `the server does not say whether ${job} is held, not due, or waits for a required job; try again later`;
  }
}

function activeLine(job: string, { retryInterval }: StartRequest, { holder, since, retryAt }: Active): string {
  if (since === null) return `other starts took the lock of ${job} before each attempt of this one; try again later`;
  const held = `${job} is held by ${holderLine(holder)} since ${toIso(since)}`;
  if (retryInterval === undefined) {
    return `${held}; no start takes it over without --retry-interval: if its run is dead, set it, or free the lock with release`;
  }
  return retryAt === null
    ? `${held}; if its run is dead, a later start takes the lock over by --retry-interval`
    : `${held}; it can be taken over from ${toIso(retryAt)}`;
}

function notDueLine(job: string, { startBuffer, startsAt }: StartRequest, { dueAt }: NotDue): string {
  if (dueAt === null) return `${job} is not due yet, and the server does not say when it is`;
  const buffer = startBuffer === undefined ? "" : ", --start-buffer included";
  const first = startsAt === undefined ? "" : "; --starts-at moves a job only until it has finished its first interval";
  return `${job} is due at ${toIso(dueAt)}${buffer}${first}`;
}

function requiredJobLine(job: string, { jobName, finishedUntil, neededUntil, mutual }: RequiredJob): string {
  const needed = neededUntil === null ? "" : ` until ${toIso(neededUntil)}`;
  const reached = finishedUntil === null ? "has finished nothing yet" : `has finished until ${toIso(finishedUntil)}`;
  return `${job} needs ${oneLine(jobName)} to have finished${needed}, and it ${reached}${wayOut(job, { finishedUntil, mutual })}`;
}

function wayOut(job: string, { finishedUntil, mutual }: Pick<RequiredJob, "finishedUntil" | "mutual">): string {
  if (mutual) return `; it requires ${job} in turn, so neither can start: leave one --required-job out`;
  return finishedUntil === null ? "; check that --required-job has its exact name, and that something starts it" : "";
}
