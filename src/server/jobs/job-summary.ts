import type { Instant } from "../../scheduler/instant.ts";
import { type Condition, conditionOfJob, mostUrgent } from "../../scheduler/job-condition.ts";
import { missingJobs } from "../../scheduler/required-jobs.ts";
import { finishedUntilOf } from "../../scheduler/state-document.ts";
import {
  isFailing,
  type JobStatus,
  nextEnd,
  overdueAt,
  type PreparedSchedule,
} from "../../scheduler/what-comes-next.ts";
import { type DamagedJob, isDamaged, type ListedJob } from "./read-jobs.ts";

/** The part of a job's state that the overview needs to sort, filter and count all jobs. */
export interface JobSummary {
  readonly name: string;
  /** When the active lock was taken. Null without an active lock. */
  readonly lockedAt: Instant | null;
  /** When the job becomes a whole interval late. Null where the state has no schedule or no progress. */
  readonly overdueAt: Instant | null;
  readonly failing: boolean;
  readonly finishedUntil: Instant | null;
  /** When the newest run ended. Null if none has. */
  readonly lastRunAt: Instant | null;
  /** The next interval. Null where the state has no schedule or no progress. */
  readonly next: NextInterval | null;
  /** The state document is damaged. The other fields are null or false then. */
  readonly damaged?: true;
}

interface NextInterval {
  readonly end: Instant;
  readonly dueAt: Instant;
  /** The jobs that must have finished or skipped up to its end. */
  readonly requiredJobNames: readonly string[];
}

/** The summaries of all jobs by name. */
export type JobSummaries = ReadonlyMap<string, JobSummary>;

/** @param prepared The job's recorded schedule, or null. */
export function summaryOf(job: ListedJob, prepared: PreparedSchedule | null): JobSummary {
  const { name } = job;
  if (isDamaged(job)) return { ...NOTHING_KNOWN, name, damaged: true };
  const { active, history, schedule } = job;
  const end = prepared && nextEnd(job, prepared.schedule);
  return {
    name,
    lockedAt: active && Date.parse(active.createdAt),
    overdueAt: overdueAt(job, prepared),
    failing: isFailing(job),
    finishedUntil: finishedUntilOf(job),
    lastRunAt: history[0] === undefined ? null : Date.parse(history[0].endedAt),
    next:
      prepared === null || end === null
        ? null
        : { end, dueAt: prepared.startBuffer.after(end), requiredJobNames: schedule?.requiredJobNames ?? [] },
  };
}

const NOTHING_KNOWN: Omit<JobSummary, "name"> = {
  lockedAt: null,
  overdueAt: null,
  failing: false,
  finishedUntil: null,
  lastRunAt: null,
  next: null,
};

/** @param all The summaries of all jobs, which tell whether the job waits for one of them. */
export function conditionOf(summary: JobSummary, all: JobSummaries, now: Instant): Condition {
  const { lockedAt, overdueAt, failing, damaged } = summary;
  return mostUrgent({
    damaged: damaged === true,
    failing,
    overdue: overdueAt !== null && now >= overdueAt,
    running: lockedAt !== null,
    waiting: isWaiting(summary, all, now),
  });
}

function isWaiting({ next }: JobSummary, all: JobSummaries, now: Instant): boolean {
  if (next === null || next.dueAt > now) return false;
  const required = next.requiredJobNames.map((jobName) => ({
    jobName,
    progress: all.get(jobName)?.finishedUntil ?? null,
    mutual: false,
  }));
  return missingJobs(required, next.end).length > 0;
}

/** @returns the condition of a job whose status was read. */
export function conditionOfStatus(job: JobStatus | DamagedJob): Condition {
  return isDamaged(job) ? "damaged" : conditionOfJob(job);
}
