import type { NotStarted, Started } from "../../backend/job-backend.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import type { Job } from "../schemas.ts";

/** A granted start. */
export function jobResponse({ jobName, lock, ...job }: Started): Job {
  return {
    id: lock?.id ?? null,
    name: jobName,
    interval: job.intervalEndedAt - job.intervalStartedAt,
    intervalStartedAt: toIso(job.intervalStartedAt),
    intervalEndedAt: toIso(job.intervalEndedAt),
    isActive: true,
    createdAt: toIso(job.createdAt),
    updatedAt: toIso(job.updatedAt),
  };
}

/** Why a start was not granted, for those who ask. */
export function refusalResponse(answer: NotStarted): Record<string, unknown> {
  switch (answer.reason) {
    case "active":
      return { ...answer, since: isoOrNull(answer.since), retryAt: isoOrNull(answer.retryAt) };
    case "not-due":
      return { ...answer, dueAt: isoOrNull(answer.dueAt) };
    case "required-job":
      return {
        ...answer,
        finishedUntil: isoOrNull(answer.finishedUntil),
        neededUntil: toIso(answer.neededUntil),
      };
    case "unknown":
      return { ...answer };
  }
}

function isoOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toIso(instant);
}
