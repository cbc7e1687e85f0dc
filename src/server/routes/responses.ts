import type { Started } from "../../backend/job-backend.ts";
import { toIso } from "../../scheduler/instant.ts";
import { mapInstants, type NotStarted } from "../../scheduler/not-started.ts";
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

/** A refused start, for a caller that asked to explain it. */
export function refusalResponse(refusal: NotStarted): NotStarted<string> {
  return mapInstants(refusal, toIso);
}
