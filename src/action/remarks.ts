import { oneLine } from "../backend/one-line.ts";
import { shownValue } from "../errors/shown-value.ts";
import type { Location } from "../location/location.ts";
import { unencryptedWarning } from "../location/unencrypted-warning.ts";
import type { Environment } from "../network/environment.ts";
import { lastBoundaryUpTo } from "../scheduler/boundary.ts";
import { shortNumberProblem } from "../scheduler/elapsed-text.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { scheduleOf } from "../scheduler/schedule-of.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { unusualCharacter } from "../scheduler/unusual-character.ts";
import { isCompositeUnderAct } from "./act-runner.ts";
import type { Toolkit } from "./toolkit.ts";

/** The inputs that take any length of time: a small number may be meant as seconds or minutes. */
const LENGTH_INPUTS = ["job-interval", "start-buffer", "retry-interval"];

interface Remarked {
  readonly request: StartRequest;
  readonly location: Location;
  readonly env: Environment;
  readonly now: Instant;
}

/** Logs what is unusual about a start that is not wrong: a reader may expect something else of it. */
export async function logRemarks(toolkit: Toolkit, remarked: Remarked): Promise<void> {
  const unencrypted = unencryptedWarning(remarked.location);
  if (unencrypted !== null) toolkit.warning(unencrypted);
  for (const line of nameWarnings(remarked.request)) toolkit.warning(oneLine(line));
  const status = jobStatusWarning(remarked);
  if (status !== null) toolkit.warning(status);
  for (const input of LENGTH_INPUTS) {
    const line = shortNumberProblem(input, toolkit.getInput(input));
    if (line !== null) toolkit.warning(line);
  }
  const chosen = await chosenIntervalRemark(remarked);
  if (chosen !== null) toolkit[chosen.kind](oneLine(chosen.line));
  const seconds = await secondsNotice(remarked);
  if (seconds !== null) toolkit.notice(oneLine(seconds));
}

function nameWarnings({ jobName, requiredJobNames = [] }: StartRequest): readonly string[] {
  const names = [...new Set([jobName, ...requiredJobNames])];
  return names.flatMap((name) => {
    const character = unusualCharacter(name);
    return character === null
      ? []
      : [`The job name ${shownValue(name)} contains ${character}: a name without it looks alike and is another job`];
  });
}

/**
 * Runners that descend from act give each composite action a job context of its own, with the status of its own steps only:
 * it stays `success` when a later step of the job fails. GitHub's runner shares the job's own status. act sets
 * `GITHUB_ACTION_PATH` for the steps of a composite action, and leaves it empty for all others.
 *
 * @see https://github.com/nektos/act/blob/master/pkg/runner/action_composite.go
 */
function jobStatusWarning({ env, request }: Remarked): string | null {
  if (!isCompositeUnderAct(env) || request.noLock) return null;
  return "This runner does not tell a step of a composite action that a later step of the job failed, so a failed run would count as finished: use this action in the workflow itself, or let one run step do the work by the library (docs/recipes.md)";
}

/** A chosen interval need not be one that a start without `job-interval-started-at` would get. */
async function chosenIntervalRemark({
  request,
  now,
}: Remarked): Promise<{ readonly kind: "notice" | "warning"; readonly line: string } | null> {
  const { jobIntervalStartedAt: start, jobInterval, timezone = "UTC" } = request;
  if (start === undefined) return null;
  if (start > now) {
    return {
      kind: "warning",
      line: `job-interval-started-at ${toIso(start)} is in the future, so its interval is not due`,
    };
  }
  // The start reports what is wrong.
  const schedule = await scheduleOf(jobInterval, timezone).catch(() => null);
  if (schedule === null) return null;
  const end = schedule.next(start);
  if (end > now) {
    return {
      kind: "notice",
      line: `The interval that starts at ${toIso(start)} ends at ${toIso(end)}, so it is cut off at the instant of the start`,
    };
  }
  // Only a cron expression has boundaries of its own.
  const before = typeof jobInterval === "string" ? lastBoundaryUpTo(schedule, start) : start;
  if (before === start) return null;
  return {
    kind: "notice",
    line: `job-interval-started-at ${toIso(start)} is no boundary of job-interval ${shownValue(jobInterval)}, so the interval is cut: the whole one starts at ${toIso(before)} and ends at ${toIso(end)}`,
  };
}

/** EventBridge has six fields too, and the minute first. */
async function secondsNotice({ request, location, now }: Remarked): Promise<string | null> {
  const { jobInterval, timezone = "UTC" } = request;
  if (typeof jobInterval !== "string" || jobInterval.trim().split(/\s+/).length !== 6) return null;
  const schedule = await scheduleOf(jobInterval, timezone).catch(() => null);
  // The start reports what is wrong.
  if (schedule === null) return null;
  const first = schedule.next(now);
  const zone = request.timezone === undefined && location.kind === "server" ? ", if the server's time zone is UTC" : "";
  return `job-interval ${shownValue(jobInterval)} has six fields, so the first one is for seconds: intervals end at ${toIso(first)} and ${toIso(schedule.next(first))}${zone}. With five fields the first one is for minutes`;
}
