import type { Instant } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { isDamaged, type ListedJob } from "./read-jobs.ts";

/** The part of a job's state that the overview needs to sort and count all jobs. */
export interface JobSummary {
  readonly name: string;
  /** When the active lock was taken. Null without an active lock. */
  readonly lockedAt: Instant | null;
  /** See {@link overdueFrom}. */
  readonly overdueFrom: Instant | null;
  /** The state document is damaged. The other fields are null then. */
  readonly damaged?: true;
}

/** An overdue job may be running too: its run may be stuck. */
export type JobCondition = "damaged" | "overdue" | "running" | "free";

export function summaryOf(job: ListedJob): JobSummary {
  const { name } = job;
  if (isDamaged(job)) return { name, lockedAt: null, overdueFrom: null, damaged: true };
  const { active } = job;
  return { name, lockedAt: active && Date.parse(active.createdAt), overdueFrom: overdueFrom(job) };
}

export function conditionOf({ lockedAt, overdueFrom, damaged }: JobSummary, now: Instant): JobCondition {
  if (damaged) return "damaged";
  if (overdueFrom !== null && now > overdueFrom) return "overdue";
  return lockedAt === null ? "free" : "running";
}

/**
 * The instant after which a job is overdue: one interval after the end of the next interval to finish. That interval starts
 * at `finishedUntil`; before there is one, it is the active lock's. The state does not hold the schedule, and the intervals
 * of a cron expression differ in length, so the longest interval among the active lock and the last runs counts.
 *
 * @returns null if the state holds no start or no length.
 */
export function overdueFrom({ finishedUntil, active, history }: JobState): Instant | null {
  const start = finishedUntil ?? active?.intervalStartedAt;
  const runs = active === null ? history : [active, ...history];
  if (start === undefined || runs.length === 0) return null;
  const lengths = runs.map((run) => Date.parse(run.intervalEndedAt) - Date.parse(run.intervalStartedAt));
  return Date.parse(start) + 2 * Math.max(...lengths);
}
