import { ArgumentError } from "./argument-error.ts";
import type { Length } from "./duration.ts";
import { type Instant, isInstant } from "./instant.ts";
import { type JobInterval, scheduleOf } from "./job-interval.ts";
import { checkJobName } from "./job-name.ts";
import type { Schedule } from "./schedule.ts";
import { type Wait, waitOf } from "./wait.ts";

/** A request for the next due interval of a job. See docs/semantics.md, "A start request". */
export interface StartRequest {
  /** Any text of 1 to 255 characters. */
  readonly jobName: string;
  /** The schedule that cuts time into intervals. */
  readonly jobInterval: JobInterval;
  /** How long after its end an interval may start, in milliseconds or as a duration. Default: 0. */
  readonly startBuffer?: Length;
  /** How long after its last update an active lock may be taken over, likewise. Default: never. */
  readonly retryInterval?: Length;
  /** The jobs that must have finished up to the interval's end. Default: none. */
  readonly requiredJobNames?: readonly string[];
  /** The IANA name of the zone whose calendar and wall clock count. Default: UTC. */
  readonly timezone?: string;
  /** Decide as usual, but take no lock and write nothing. Default: false. */
  readonly noLock?: boolean;
  /** Grant the interval that starts exactly here, whatever the job's state. Only with `noLock`. */
  readonly jobIntervalStartedAt?: Instant;
}

/** A checked {@link StartRequest}, with its defaults filled in and its lengths of time parsed. */
export interface PreparedStart {
  readonly jobName: string;
  readonly schedule: Schedule;
  readonly startBuffer: Wait;
  /** Null: an active lock is never taken over. */
  readonly retryInterval: Wait | null;
  readonly requiredJobNames: readonly string[];
  readonly noLock: boolean;
  /** Null: the job's state decides where the interval starts. */
  readonly jobIntervalStartedAt: Instant | null;
}

/**
 * Checks everything about a request that does not depend on the job's state.
 *
 * @returns the request with its defaults, its schedule and its waits.
 * @throws ArgumentError for each case that docs/semantics.md, "A start request", lists.
 */
export async function prepareStart(request: StartRequest): Promise<PreparedStart> {
  const { noLock = false, timezone = "UTC", jobIntervalStartedAt = null } = request;
  const jobName = checkJobName(request.jobName);
  const requiredJobNames = [...new Set(request.requiredJobNames)].map(checkJobName);
  if (requiredJobNames.includes(jobName)) {
    throw new ArgumentError(
      `The job ${JSON.stringify(jobName)} requires itself, so it could never start: remove it from its required jobs`,
    );
  }
  if (jobIntervalStartedAt !== null && !noLock) {
    throw new ArgumentError(
      "An interval's start is given without no-lock: set no-lock, or leave the start out, since a start that takes a lock may not choose its interval",
    );
  }
  if (jobIntervalStartedAt !== null && !isInstant(jobIntervalStartedAt)) {
    throw new ArgumentError(
      `The interval's start is ${jobIntervalStartedAt}, which is not an instant: give whole milliseconds since 1970 within the years 1 to 9999`,
    );
  }
  return {
    jobName,
    requiredJobNames,
    noLock,
    jobIntervalStartedAt,
    schedule: await scheduleOf(request.jobInterval, timezone),
    startBuffer: await waitOf("The start buffer", request.startBuffer ?? 0, timezone),
    retryInterval:
      request.retryInterval === undefined ? null : await waitOf("The retry interval", request.retryInterval, timezone),
  };
}
