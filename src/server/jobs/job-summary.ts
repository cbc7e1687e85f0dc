import type { JobStatus } from "../../backend/job-backend.ts";
import type { Instant } from "../../scheduler/instant.ts";
import { type Condition, mostUrgent } from "../../scheduler/job-condition.ts";
import { isFailing, overdueAt, type PreparedSchedule } from "../../scheduler/what-comes-next.ts";
import { type DamagedJob, isDamaged, type ListedJob } from "./read-jobs.ts";

/** The part of a job's state that the overview needs to sort and count all jobs. */
export interface JobSummary {
  readonly name: string;
  /** When the active lock was taken. Null without an active lock. */
  readonly lockedAt: Instant | null;
  /** When the job is a whole interval late. Null where the state does not tell. */
  readonly overdueAt: Instant | null;
  readonly failing: boolean;
  /** The state document is damaged. The other fields are null or false then. */
  readonly damaged?: true;
}

/** The overview sorts by it. Whether a job waits for others is not known there: that needs their states. */
export type JobCondition = Exclude<Condition, "waiting">;

/** @param prepared The job's recorded schedule, or null. */
export function summaryOf(job: ListedJob, prepared: PreparedSchedule | null): JobSummary {
  const { name } = job;
  if (isDamaged(job)) return { name, lockedAt: null, overdueAt: null, failing: false, damaged: true };
  const { active } = job;
  return {
    name,
    lockedAt: active && Date.parse(active.createdAt),
    overdueAt: overdueAt(job, prepared),
    failing: isFailing(job),
  };
}

export function conditionOf({ lockedAt, overdueAt, failing, damaged }: JobSummary, now: Instant): JobCondition {
  const overdue = overdueAt !== null && now >= overdueAt;
  return mostUrgent<JobCondition>({ damaged: damaged === true, failing, overdue, running: lockedAt !== null });
}

/** @returns the condition of a job whose status was read. */
export function conditionOfStatus(job: JobStatus | DamagedJob): JobCondition {
  if (isDamaged(job)) return "damaged";
  const { failing, overdue } = job.next;
  return mostUrgent<JobCondition>({
    damaged: false,
    failing,
    overdue: overdue === true,
    running: job.state.active !== null,
  });
}
