import type { Instant } from "./instant.ts";
import type { NotDue, NotStarted, Unexplained } from "./not-started.ts";
import type { PreparedStart } from "./start-request.ts";
import type { JobState } from "./state-document.ts";
import type { Wait } from "./wait.ts";

export type Decision = Granted | Exclude<NotStarted, Unexplained>;

export interface Granted {
  readonly started: true;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
}

/**
 * Decides on a start request. Pure and total; the numbers in its body are those of docs/semantics.md, "Decision".
 *
 * @param state The job's state, or null for a job that was never started.
 * @param required The states of the required jobs by name. Null, or a missing entry: the job was never started.
 * @param now The instant of the request.
 */
export function decide(
  request: PreparedStart,
  state: JobState | null,
  required: ReadonlyMap<string, JobState | null>,
  now: Instant,
): Decision {
  const { schedule, startBuffer, retryInterval } = request;
  const buffered = startBuffer.before(now);

  // 1. A chosen interval.
  if (request.jobIntervalStartedAt !== null) {
    const start = request.jobIntervalStartedAt;
    if (buffered < start) return notDue(endOfWait(start, startBuffer));
    return grant(start, Math.min(schedule.next(start), buffered));
  }

  // 2. An active lock.
  if (state?.active) {
    const { createdAt, holder } = state.active;
    const updatedAt = Date.parse(state.active.updatedAt);
    if (retryInterval === null || updatedAt > retryInterval.before(now)) {
      const retryAt = retryInterval === null ? null : endOfWait(updatedAt, retryInterval);
      return { started: false, reason: "active", since: Date.parse(createdAt), holder, retryAt };
    }
  }

  // 3. The start.
  const start = (state && progressOf(state)) ?? schedule.previous(now);

  // 4. The end. Only while the job has finished nothing may the interval be shorter than the schedule's.
  const isFirst = state === null || state.finishedUntil === null;
  const fullEnd = schedule.next(start);
  if (!isFirst && buffered < fullEnd) return notDue(endOfWait(fullEnd, startBuffer));
  const end = Math.min(fullEnd, buffered);
  if (end <= start) return notDue(null);

  // 5. The required jobs.
  for (const jobName of request.requiredJobNames) {
    const requiredState = required.get(jobName);
    const finishedUntil = requiredState ? progressOf(requiredState) : null;
    if (finishedUntil === null || finishedUntil < end) {
      return { started: false, reason: "required-job", jobName, finishedUntil, neededUntil: end };
    }
  }

  // 6. and 7. The caller writes nothing, or takes the lock.
  return grant(start, end);
}

/** @returns up to where the job has finished. Before it finished anything, where its active lock starts; else null. */
function progressOf(state: JobState): Instant | null {
  const until = state.active?.intervalStartedAt ?? state.finishedUntil;
  return until === null ? null : Date.parse(until);
}

function grant(intervalStartedAt: Instant, intervalEndedAt: Instant): Granted {
  return { started: true, intervalStartedAt, intervalEndedAt };
}

function notDue(dueAt: Instant | null): NotDue {
  return { started: false, reason: "not-due", dueAt };
}

/**
 * @returns the first instant from which `wait`, counted back, reaches `instant`. Decisions count waits back from `now`, and
 *   on a calendar `wait.after(instant)` alone can be too early.
 */
function endOfWait(instant: Instant, wait: Wait): Instant {
  let end = wait.after(instant);
  for (let missing = instant - wait.before(end); missing > 0; missing = instant - wait.before(end)) end += missing;
  return end;
}
