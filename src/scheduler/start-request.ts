import { ArgumentError } from "../errors/argument-error.ts";
import { type Delay, delayOf } from "./delay.ts";
import type { Length } from "./duration.ts";
import { type Instant, isInstant, toIso } from "./instant.ts";
import { checkJobName } from "./job-name.ts";
import { knownWord } from "./known-word.ts";
import type { JobInterval, Schedule } from "./schedule.ts";
import { scheduleOf } from "./schedule-of.ts";
import type { RecordedSchedule } from "./state-document.ts";

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
  /** The jobs that must have finished or skipped up to the interval's end. Default: none. */
  readonly requiredJobNames?: readonly string[];
  /** The IANA name of the zone whose calendar and wall clock count. Default: UTC. */
  readonly timezone?: string;
  /** Decide as usual, but take no lock and write nothing. Default: false. */
  readonly noLock?: boolean;
  /** Grant the interval that starts exactly here, whatever the job's state. Only with `noLock`. */
  readonly jobIntervalStartedAt?: Instant;
  /** Where the job's very first interval starts. Ignored once the job has finished or skipped anything. */
  readonly startsAt?: Instant;
  /** The interval that a start gets when the job has fallen behind. Default: `each`. */
  readonly catchUp?: CatchUp;
  /** An active lock whose holder is known to be dead, so that it may be taken over at once. */
  readonly takeOver?: TakeOver;
}

/** `each` interval, oldest first; one long interval (`merge`); or only the `latest`, with the older ones skipped. */
export type CatchUp = (typeof CATCH_UPS)[number];

export const CATCH_UPS = ["each", "merge", "latest"] as const;

/** A lock, and its last update that the caller knows. A renewal or a resumption since then changes `updatedAt`. */
export interface TakeOver {
  readonly id: string;
  readonly updatedAt: Instant;
}

/** A checked {@link StartRequest}, with its defaults filled in and its lengths of time parsed. */
export interface PreparedStart {
  readonly jobName: string;
  readonly schedule: Schedule;
  readonly startBuffer: Delay;
  /** Null: an active lock is never taken over because of its age. */
  readonly retryInterval: Delay | null;
  readonly requiredJobNames: readonly string[];
  readonly noLock: boolean;
  /** Null: the job's state decides where the interval starts. */
  readonly jobIntervalStartedAt: Instant | null;
  readonly startsAt: Instant | null;
  readonly catchUp: CatchUp;
  readonly takeOver: TakeOver | null;
  /** The schedule as a grant records it in the job's state. */
  readonly recorded: RecordedSchedule;
}

/**
 * Checks a request as far as that does not depend on the job's state.
 *
 * @returns the request with its defaults, its schedule and its delays.
 * @throws ArgumentError for each case that docs/semantics.md, "A start request", lists.
 */
export async function prepareStart(request: StartRequest): Promise<PreparedStart> {
  const { jobInterval, startBuffer = 0, retryInterval, timezone = "UTC", noLock = false, catchUp = "each" } = request;
  const { jobIntervalStartedAt = null, startsAt = null, takeOver = null } = request;
  const jobName = checkJobName(request.jobName);
  const requiredJobNames = [...new Set(request.requiredJobNames)].map((name) => checkJobName(name, "requiredJobNames"));
  if (requiredJobNames.includes(jobName)) {
    throw new ArgumentError("self-required-job", {
      field: "requiredJobNames",
      value: jobName,
      problem: "names the job itself, so it could never start",
    });
  }
  checkChosenInterval(request);
  if (startsAt !== null) checkInstant("startsAt", startsAt);
  knownWord("catchUp", catchUp, CATCH_UPS);
  if (takeOver !== null) checkTakeOver(takeOver);

  const prepared: PreparedStart = {
    jobName,
    requiredJobNames,
    noLock,
    jobIntervalStartedAt,
    startsAt,
    catchUp,
    takeOver,
    schedule: await scheduleOf(jobInterval, timezone),
    startBuffer: await delayOf("startBuffer", startBuffer, timezone),
    retryInterval: retryInterval === undefined ? null : await delayOf("retryInterval", retryInterval, timezone),
    recorded: { jobInterval, timezone, startBuffer, requiredJobNames },
  };
  checkRange(prepared);
  return prepared;
}

function checkChosenInterval({ jobIntervalStartedAt, noLock = false, startsAt, catchUp }: StartRequest): void {
  if (jobIntervalStartedAt === undefined) return;
  checkInstant("jobIntervalStartedAt", jobIntervalStartedAt);
  if (!noLock) {
    throw new ArgumentError("chosen-interval-with-lock", {
      field: "jobIntervalStartedAt",
      value: toIso(jobIntervalStartedAt),
      problem: "cannot be chosen by a start that takes a lock",
    });
  }
  for (const [field, value] of Object.entries({ startsAt, catchUp })) {
    if (value === undefined) continue;
    throw new ArgumentError("chosen-interval-conflict", {
      field,
      value: typeof value === "number" && isInstant(value) ? toIso(value) : value,
      problem: "has no meaning for a start that chooses its interval",
    });
  }
}

function checkTakeOver({ id, updatedAt }: TakeOver): void {
  if (typeof id !== "string" || id === "") {
    throw new ArgumentError("wrong-type", {
      field: "takeOver",
      value: id,
      problem: "is not the id of a lock",
      expected: "the id and the updatedAt of the lock, as the refusal of the start has them",
    });
  }
  checkInstant("takeOver", updatedAt);
}

function checkInstant(field: string, instant: Instant): void {
  if (isInstant(instant)) return;
  throw new ArgumentError("invalid-instant", {
    field,
    value: instant,
    problem: "is not an instant",
    expected: "whole milliseconds within the years 1 to 9999",
  });
}

/** An interval that a request itself places must end, and become due, within the years 1 to 9999. */
function checkRange({ jobIntervalStartedAt, startsAt, schedule, startBuffer }: PreparedStart): void {
  const start = jobIntervalStartedAt ?? startsAt;
  if (start !== null) startBuffer.after(schedule.next(start));
}
