import { ArgumentError } from "./argument-error.ts";
import type { Duration } from "./duration.ts";
import { type Instant, isInstant } from "./instant.ts";
import { type Interval, stepsOf, stepsOfWait } from "./interval.ts";
import { checkJobName } from "./job-name.ts";
import type { Steps } from "./steps.ts";

/** What a caller asks for: the next due interval of a job. See docs/semantics.md, "A start request". */
export interface StartRequest {
  /** The job: any text of 1 to 255 characters. */
  readonly jobName: string;
  /** How long one interval is. */
  readonly jobInterval: Interval;
  /** How long to wait after an interval's end before it may start, in milliseconds or as a duration. Default: 0. */
  readonly startBuffer?: number | Duration;
  /** How long after its last update an active lock may be taken over. Default: never. */
  readonly retryInterval?: number | Duration;
  /** The jobs that must have finished up to the interval's end. Default: none. */
  readonly requiredJobNames?: readonly string[];
  /** The IANA zone whose calendar and wall clock count. Default: UTC. */
  readonly timezone?: string;
  /** Decide as usual, but take and write no lock. Default: false. */
  readonly noLock?: boolean;
  /** Grant the interval that starts exactly here, whatever the job's state. Only with `noLock`. */
  readonly jobIntervalStartedAt?: Instant;
}

/** A {@link StartRequest} that was found good, with its lengths of time ready to step with. */
export interface PreparedStart {
  readonly jobName: string;
  readonly interval: Steps;
  readonly startBuffer: Steps;
  /** Null: an active lock is never taken over. */
  readonly retryInterval: Steps | null;
  readonly requiredJobNames: readonly string[];
  readonly noLock: boolean;
  readonly jobIntervalStartedAt: Instant | null;
}

/** @throws ArgumentError for anything wrong with the request itself, whatever the job's state. */
export async function prepareStart(request: StartRequest): Promise<PreparedStart> {
  const { noLock = false, timezone = "UTC", jobIntervalStartedAt = null } = request;
  const jobName = checkJobName(request.jobName);
  const requiredJobNames = [...new Set(request.requiredJobNames)].map(checkJobName);
  if (requiredJobNames.includes(jobName)) {
    throw new ArgumentError(
      `The job ${JSON.stringify(jobName)} requires itself, so it could never start: take it off the required jobs`,
    );
  }
  if (jobIntervalStartedAt !== null && !noLock) {
    throw new ArgumentError(
      "An interval's start is given without no-lock: only a run that takes no lock may choose its interval, so set no-lock or leave the start out",
    );
  }
  if (jobIntervalStartedAt !== null && !isInstant(jobIntervalStartedAt)) {
    throw new ArgumentError(
      "The interval's start is no instant: give a date of the years 1 to 9999 in whole milliseconds",
    );
  }
  return {
    jobName,
    requiredJobNames,
    noLock,
    jobIntervalStartedAt,
    interval: await stepsOf(request.jobInterval, timezone),
    startBuffer: await stepsOfWait("The start buffer", request.startBuffer ?? 0, timezone),
    retryInterval:
      request.retryInterval === undefined
        ? null
        : await stepsOfWait("The retry interval", request.retryInterval, timezone),
  };
}
