import type { Instant } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { isDamaged, type ListedJob } from "./read-jobs.ts";

/** What the overview keeps of a job, to order it among all others. */
export interface JobSummary {
  readonly name: string;
  /** When its lock was taken; null while none is active. */
  readonly lockedAt: Instant | null;
  /** See {@link overdueFrom}. */
  readonly overdueFrom: Instant | null;
  /** What is kept of it is damaged: nothing else is known. */
  readonly unreadable?: true;
}

/** How a job stands. An overdue one may be running too: then its run may be stuck. */
export type JobCondition = "unreadable" | "overdue" | "running" | "free";

export function summaryOf(job: ListedJob): JobSummary {
  const { name } = job;
  if (isDamaged(job)) return { name, lockedAt: null, overdueFrom: null, unreadable: true };
  const { active } = job;
  return { name, lockedAt: active && Date.parse(active.createdAt), overdueFrom: overdueFrom(job) };
}

export function conditionOf({ lockedAt, overdueFrom, unreadable }: JobSummary, now: Instant): JobCondition {
  if (unreadable) return "unreadable";
  if (overdueFrom !== null && now > overdueFrom) return "overdue";
  return lockedAt === null ? "free" : "running";
}

/**
 * The instant after which a job is overdue: an interval later than the end of the one that is to be finished next. That
 * one begins where the last finished one ended; before the first, it is the one that the active lock is for. How long an
 * interval is isn't kept, and those of a cron expression differ: it is the longest among the job's last runs.
 *
 * @returns null if the job owes nothing yet, or too little is known of it.
 */
export function overdueFrom({ finishedUntil, active, history }: JobState): Instant | null {
  const from = finishedUntil ?? active?.intervalStartedAt;
  const runs = active === null ? history : [active, ...history];
  if (from === undefined || runs.length === 0) return null;
  const longest = Math.max(
    ...runs.map(
      ({ intervalStartedAt, intervalEndedAt }) => Date.parse(intervalEndedAt) - Date.parse(intervalStartedAt),
    ),
  );
  return Date.parse(from) + 2 * longest;
}
