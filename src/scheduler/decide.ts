import { type Due, dueInstants } from "./due.ts";
import type { Instant } from "./instant.ts";
import type { Active, MissingJob, NotDue, NotStarted, RequiredJob, Unexplained } from "./not-started.ts";
import { missingJobs, type RequiredStates, requiredJobs } from "./required-jobs.ts";
import type { Interval, Schedule } from "./schedule.ts";
import type { Span } from "./span.ts";
import type { CatchUp, PreparedStart } from "./start-request.ts";
import { begunOf, finishedUntilOf, type JobState, type Lock } from "./state-document.ts";

export type Decision = Granted | Exclude<NotStarted, Unexplained>;

export interface Granted {
  readonly started: true;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
  /** The interval before catching up. A job that has finished nothing records it as `begun`. */
  readonly begun: { readonly intervalStartedAt: Instant; readonly intervalEndedAt: Instant };
  /** How many further intervals are due after this one, with or without the required jobs: up to {@link MAX_BEHIND}. */
  readonly behind: number;
  /** The span that `catchUp: latest` leaves out, or null. */
  readonly skipped: Span | null;
}

/** The largest value of {@link Granted.behind}. On a calendar the count walks over each of the intervals. */
export const MAX_BEHIND = 1_000;

/** The most boundaries that one grant walks over to catch up. Milliseconds and cron need no walk. */
const MAX_WALK = 100_000;

/**
 * Decides on a start request. Pure; the numbers in its body are those of docs/semantics.md, "Decision".
 *
 * @param state The job's state, or null for a job that was never started.
 * @param required The states of the required jobs.
 * @param now The instant of the request.
 */
export function decide(
  request: PreparedStart,
  state: JobState | null,
  required: RequiredStates,
  now: Instant,
): Decision {
  const { schedule, startBuffer, startsAt, catchUp } = request;
  const due = dueInstants(now, startBuffer);

  // 1. A chosen interval.
  if (request.jobIntervalStartedAt !== null) return decideChosen(request.jobIntervalStartedAt, request, { due, now });

  // 2. An active lock.
  if (state?.active && !isTakenOver(state.active, request, now)) return active(state.active, request);

  // 3. Required jobs.
  const requirements = requiredJobs(request.jobName, { requiredJobNames: request.requiredJobNames, states: required });
  const progress = requirements.map(({ progress }) => progress ?? Number.NEGATIVE_INFINITY);
  const [unfinished] = missingJobs(requirements, Number.NEGATIVE_INFINITY);
  if (unfinished) return requiredJob(unfinished);
  const limit = Math.min(due.horizon, ...progress);

  // 4. Where it starts.
  const finishedUntil = state && finishedUntilOf(state);
  const first = state && begunOf(state);
  const firstStart = startsAt ?? first?.intervalStartedAt ?? null;
  const start = finishedUntil ?? firstStart ?? schedule.previous(limit);

  // 5. Where it ends.
  let end = schedule.next(start);
  if (finishedUntil === null) {
    if (firstStart === null) end = Math.min(end, limit);
    else if (first?.intervalStartedAt === start) end = Math.min(end, first.intervalEndedAt);
  }
  if (!due.has(end)) return notDue(startBuffer.after(end));
  const [lagging] = missingJobs(requirements, end);
  if (lagging) return requiredJob(lagging);

  // 6. Catching up.
  const caughtUp = catchUpFrom({ start, end }, { catchUp, schedule, due, progress: Math.min(...progress) });

  // 7. Grant. The backend takes the lock, and records `begun` and the request's schedule.
  const behind = countDue(caughtUp.end, schedule, due);
  const begun = { intervalStartedAt: start, intervalEndedAt: end };
  return { ...granted(caughtUp.start, caughtUp.end), begun, behind, skipped: skippedSpan(start, caughtUp.start) };
}

function decideChosen(
  start: Instant,
  { schedule, startBuffer }: PreparedStart,
  { due, now }: { readonly due: Due; readonly now: Instant },
): Decision {
  const end = Math.min(schedule.next(start), due.horizon);
  // A calendar buffer can leave out instants, so `start` may be due although the horizon has not passed it.
  return end > start ? granted(start, end) : notDue(Math.max(startBuffer.after(start), now) + 1);
}

function isTakenOver(lock: Lock, { retryInterval, takeOver }: PreparedStart, now: Instant): boolean {
  const updatedAt = Date.parse(lock.updatedAt);
  if (takeOver?.id === lock.id && takeOver.updatedAt === updatedAt) return true;
  return retryInterval !== null && retryInterval.after(updatedAt) <= now;
}

interface CatchingUp {
  readonly catchUp: CatchUp;
  readonly schedule: Schedule;
  readonly due: Due;
  /** The earliest progress of a required job. */
  readonly progress: Instant;
}

/** Moves the interval's end over the following boundaries while they are allowed and, for `latest`, its start with it. */
function catchUpFrom(interval: Interval, { catchUp, schedule, due, progress }: CatchingUp): Interval {
  if (catchUp === "each") return interval;
  let { start, end } = interval;
  for (let most = MAX_WALK; most > 0; ) {
    const allowedUntil = Math.min(due.unbrokenFrom(end), progress);
    const last = schedule.seek(end, allowedUntil, most);
    // Where the due instants have a gap, the following boundary may lie behind it.
    const next: Interval = last ?? { start: end, end: schedule.next(end) };
    if (!due.has(next.end) || next.end > progress) break;
    ({ start, end } = next);
    most -= last?.walked ?? 1;
  }
  return catchUp === "merge" ? { start: interval.start, end } : { start, end };
}

/** @returns `Granted.behind` of an interval that ends at `end`, for a start that is repeated. */
export function behindAfter(end: Instant, { schedule, startBuffer }: PreparedStart, now: Instant): number {
  return countDue(end, schedule, dueInstants(now, startBuffer));
}

/** @returns how many of the boundaries after an instant are due in a row, counted up to {@link MAX_BEHIND}. */
export function countDue(after: Instant, schedule: Schedule, due: Due): number {
  const { fixedLength, next } = schedule;
  let [count, last] = [0, after];
  if (fixedLength !== null && due.has(after)) {
    // In an unbroken span of due instants every boundary is due.
    count = Math.min(MAX_BEHIND, Math.floor((due.unbrokenFrom(after) - after) / fixedLength));
    last = after + count * fixedLength;
  }
  for (let end = next(last); count < MAX_BEHIND && due.has(end); end = next(end)) count++;
  return count;
}

function granted(intervalStartedAt: Instant, intervalEndedAt: Instant): Granted {
  const begun = { intervalStartedAt, intervalEndedAt };
  return { started: true, ...begun, begun, behind: 0, skipped: null };
}

function skippedSpan(from: Instant, until: Instant): Span | null {
  return from === until ? null : { from, until };
}

function active({ id, createdAt, updatedAt, holder }: Lock, { retryInterval }: PreparedStart): Active {
  return {
    started: false,
    reason: "active",
    id,
    since: Date.parse(createdAt),
    updatedAt: Date.parse(updatedAt),
    holder,
    retryAt: retryInterval?.after(Date.parse(updatedAt)) ?? null,
  };
}

function notDue(dueAt: Instant): NotDue {
  return { started: false, reason: "not-due", dueAt };
}

function requiredJob(missing: MissingJob): RequiredJob {
  return { started: false, reason: "required-job", ...missing };
}
