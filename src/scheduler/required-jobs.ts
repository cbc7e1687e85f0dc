import type { Instant } from "./instant.ts";
import type { MissingJob } from "./not-started.ts";
import { finishedUntilOf, type JobState } from "./state-document.ts";

/** A required job, and its progress. */
interface Required {
  readonly jobName: string;
  /** The end of its last finished or skipped interval, or null if there is none. An active lock does not count. */
  readonly progress: Instant | null;
  /** Whether its last grant required the other job too. */
  readonly mutual: boolean;
}

/** The states of required jobs by name. Null, or a missing entry: the job was never started. */
export type RequiredStates = ReadonlyMap<string, JobState | null>;

/** @param jobName The job that requires the others. */
export function requiredJobs(
  jobName: string,
  { requiredJobNames, states }: { requiredJobNames: readonly string[]; states: RequiredStates },
): readonly Required[] {
  return requiredJobNames.map((name) => {
    const state = states.get(name) ?? null;
    return {
      jobName: name,
      progress: state && finishedUntilOf(state),
      mutual: state?.schedule?.requiredJobNames.includes(jobName) ?? false,
    };
  });
}

/** @returns the required jobs that have not got to `end`, in the order of the request. */
export function missingJobs(required: readonly Required[], end: Instant): readonly MissingJob[] {
  return required
    .filter(({ progress }) => progress === null || progress < end)
    .map(({ jobName, progress, mutual }) => ({
      jobName,
      finishedUntil: progress,
      neededUntil: progress === null ? null : end,
      mutual,
    }));
}
