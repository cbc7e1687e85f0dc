import type { Granted } from "../scheduler/decide.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { Span } from "../scheduler/span.ts";
import { endingOf, holderOf, type JobState, type Lock } from "../scheduler/state-document.ts";
import type { JobRecord } from "../store/job-store.ts";
import type { ActiveLock, Started, TakenOver } from "./job-backend.ts";

// The answer to a start comes from the job's state alone, so that a repeated start gets the same answer.

/** @returns the span between the job's progress and the lock's interval, which is skipped once the run finishes. */
function skippedBefore({ intervalStartedAt }: Lock, { finishedUntil, begun }: JobState): Span | null {
  const from = finishedUntil ?? begun?.intervalStartedAt ?? intervalStartedAt;
  return from < intervalStartedAt ? { from: Date.parse(from), until: Date.parse(intervalStartedAt) } : null;
}

/** @returns the lock that was taken over when this one was granted. */
function takenOverBy({ createdAt }: Lock, { history }: JobState): TakenOver | null {
  const [run] = history;
  if (run === undefined || endingOf(run) !== "taken-over" || run.endedAt < createdAt) return null;
  const since = run.createdAt === undefined ? null : Date.parse(run.createdAt);
  return { holder: holderOf(run), since };
}

export function activeLock(lock: Lock, record: JobRecord): ActiveLock {
  const jobName = record.state.name;
  return {
    jobName,
    intervalStartedAt: Date.parse(lock.intervalStartedAt),
    intervalEndedAt: Date.parse(lock.intervalEndedAt),
    createdAt: Date.parse(lock.createdAt),
    updatedAt: Date.parse(lock.updatedAt),
    lock: { jobName, id: lock.id, record },
  };
}

export function startedWith(lock: Lock, record: JobRecord, behind: number): Started {
  const { state } = record;
  return {
    started: true,
    ...activeLock(lock, record),
    behind,
    skipped: skippedBefore(lock, state),
    takenOver: takenOverBy(lock, state),
  };
}

export function startedWithoutLock(jobName: string, decision: Granted, now: Instant): Started {
  const { intervalStartedAt, intervalEndedAt, behind, skipped } = decision;
  return {
    started: true,
    jobName,
    intervalStartedAt,
    intervalEndedAt,
    createdAt: now,
    updatedAt: now,
    lock: null,
    behind,
    skipped,
    takenOver: null,
  };
}
