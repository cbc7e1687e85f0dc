import { ArgumentError } from "../errors/argument-error.ts";
import type { Length } from "./duration.ts";
import { type Instant, isInstant, toIso } from "./instant.ts";
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
  const requiredJobNames = [...new Set(request.requiredJobNames)].map((name) => checkJobName(name, "requiredJobNames"));
  if (requiredJobNames.includes(jobName)) {
    throw new ArgumentError("self-required-job", {
      field: "requiredJobNames",
      value: jobName,
      problem: "names the job itself, so it could never start",
    });
  }
  if (jobIntervalStartedAt !== null && !isInstant(jobIntervalStartedAt)) {
    throw new ArgumentError("invalid-instant", {
      field: "jobIntervalStartedAt",
      value: jobIntervalStartedAt,
      problem: "is not an instant",
      expected: "an instant within the years 1 to 9999",
    });
  }
  if (jobIntervalStartedAt !== null && !noLock) {
    throw new ArgumentError("chosen-interval-with-lock", {
      field: "jobIntervalStartedAt",
      value: toIso(jobIntervalStartedAt),
      problem: "cannot be chosen by a start that takes a lock",
    });
  }
  return {
    jobName,
    requiredJobNames,
    noLock,
    jobIntervalStartedAt,
    schedule: await scheduleOf(request.jobInterval, timezone),
    startBuffer: await waitOf("startBuffer", request.startBuffer ?? 0, timezone),
    retryInterval:
      request.retryInterval === undefined ? null : await waitOf("retryInterval", request.retryInterval, timezone),
  };
}
