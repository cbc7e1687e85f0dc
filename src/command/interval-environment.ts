import type { Started } from "../backend/job-backend.ts";
import { toIso } from "../scheduler/instant.ts";

/** @returns the variables by which a command gets its job and its interval. */
export function intervalEnvironment({ jobName, lock, intervalStartedAt, intervalEndedAt }: Started) {
  return {
    CRONYX_JOB_NAME: jobName,
    CRONYX_JOB_ID: lock?.id ?? "",
    CRONYX_INTERVAL_STARTED_AT: toIso(intervalStartedAt),
    CRONYX_INTERVAL_ENDED_AT: toIso(intervalEndedAt),
  };
}
