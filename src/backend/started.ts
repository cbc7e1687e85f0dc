import type { Instant } from "../scheduler/instant.ts";
import { endingOf, holderOf, type JobState, type Lock } from "../scheduler/state-document.ts";
import type { TakenOver } from "./job-backend.ts";

// What a job's state tells about the start of its active lock, so that a repeated start gets the same answer.

/** @returns the span between the job's progress and the lock's interval, which is skipped once the run finishes. */
export function skippedBefore(
  { intervalStartedAt }: Lock,
  { finishedUntil, begun }: JobState,
): { readonly from: Instant; readonly until: Instant } | null {
  const from = finishedUntil ?? begun?.intervalStartedAt ?? intervalStartedAt;
  return from < intervalStartedAt ? { from: Date.parse(from), until: Date.parse(intervalStartedAt) } : null;
}

/** @returns the lock that was taken over when this one was granted. */
export function takenOverBy({ createdAt }: Lock, { history }: JobState): TakenOver | null {
  const [run] = history;
  if (run === undefined || endingOf(run) !== "taken-over" || run.endedAt < createdAt) return null;
  const since = run.createdAt === undefined ? null : Date.parse(run.createdAt);
  return { holder: holderOf(run), since };
}
