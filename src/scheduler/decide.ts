import type { Instant } from "./instant.ts";
import type { JobState, Lock } from "./job-state.ts";
import type { PreparedStart } from "./start-request.ts";
import type { Steps } from "./steps.ts";

/** What a start request comes to. */
export type Decision = Granted | Refused;

export interface Granted {
  readonly granted: true;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
}

export type Refused = Active | NotDue | RequiredJob;

/** Another run holds the job. */
export interface Active {
  readonly granted: false;
  readonly reason: "active";
  readonly lock: Lock;
  /** When the lock may be taken over, if it isn't updated before. Null: never. */
  readonly retryAt: Instant | null;
}

/** The interval hasn't ended yet, or its start buffer hasn't passed. */
export interface NotDue {
  readonly granted: false;
  readonly reason: "not-due";
  /** When it may start. Null where that can't be told. */
  readonly dueAt: Instant | null;
}

/** A required job hasn't finished up to the interval's end. */
export interface RequiredJob {
  readonly granted: false;
  readonly reason: "required-job";
  readonly jobName: string;
  readonly finishedUntil: Instant | null;
  readonly neededUntil: Instant;
}

/**
 * Decides on a start. Pure and total: the rules and their numbers are those of docs/semantics.md, "Decision".
 *
 * @param request What is asked for.
 * @param last The job's state, or null if it was never started.
 * @param required The states of the required jobs, by name; a job that was never started is null or left out.
 * @param now The instant of the request.
 */
export function decide(
  request: PreparedStart,
  last: JobState | null,
  required: ReadonlyMap<string, JobState | null>,
  now: Instant,
): Decision {
  const { interval, startBuffer, retryInterval } = request;
  const buffered = startBuffer.sub(now);

  // 1. The caller chose the interval.
  if (request.jobIntervalStartedAt !== null) {
    const start = request.jobIntervalStartedAt;
    if (buffered < start) return notDueUntil(start, startBuffer);
    return grant(start, Math.min(interval.add(start), buffered));
  }

  // 2. Another run holds the job.
  if (last?.active) {
    const updatedAt = Date.parse(last.active.updatedAt);
    if (retryInterval === null || updatedAt > retryInterval.sub(now)) {
      const retryAt = retryInterval === null ? null : earliest(updatedAt, retryInterval);
      return { granted: false, reason: "active", lock: last.active, retryAt };
    }
  }

  // 3. The interval starts where the last finished one ended.
  const start = (last && endOfLastFinished(last)) ?? interval.sub(now);

  // 4. It must have ended, but for a job's very first one, which ends now at the latest. A takeover of it is it again.
  const isFirst = last === null || last.finishedUntil === null;
  const fullEnd = interval.add(start);
  if (!isFirst && buffered < fullEnd) return notDueUntil(fullEnd, startBuffer);
  const end = Math.min(fullEnd, buffered);
  if (end <= start) return { granted: false, reason: "not-due", dueAt: null };

  // 5. The required jobs must have finished up to its end.
  for (const jobName of request.requiredJobNames) {
    const state = required.get(jobName);
    const until = state ? endOfLastFinished(state) : null;
    if (until === null || until < end) {
      return { granted: false, reason: "required-job", jobName, finishedUntil: until, neededUntil: end };
    }
  }

  // 6. and 7. Taking the lock is the store's part.
  return grant(start, end);
}

/** Where the last finished interval ended. A first lock that is still active starts where nothing finished before it. */
function endOfLastFinished(state: JobState): Instant | null {
  const end = state.active?.intervalStartedAt ?? state.finishedUntil;
  return end === null ? null : Date.parse(end);
}

function grant(intervalStartedAt: Instant, intervalEndedAt: Instant): Granted {
  return { granted: true, intervalStartedAt, intervalEndedAt };
}

function notDueUntil(instant: Instant, startBuffer: Steps): NotDue {
  return { granted: false, reason: "not-due", dueAt: earliest(instant, startBuffer) };
}

/** When `wait` will have passed since `instant`, counted as the rules count it: backwards, from the request. */
function earliest(instant: Instant, wait: Steps): Instant {
  let at = wait.add(instant);
  // On a calendar a step back doesn't always undo a step forward: a month after January 31 is February 28, and a month
  // before that is January 28.
  for (let missing = instant - wait.sub(at); missing > 0; missing = instant - wait.sub(at)) at += missing;
  return at;
}
