import type { Instant } from "./instant.ts";
import { type Ending, endingOf, type Holder, holderOf, type JobState } from "./state-document.ts";

/** How a lock ended that is no longer active. */
export type LockLoss =
  | { readonly ending: Exclude<Ending, "taken-over">; readonly at: Instant }
  /** `holder` is the run that took it over. */
  | { readonly ending: "taken-over"; readonly at: Instant; readonly holder: Holder | null }
  /** The job's history does not go back that far, or a newer version ended the run in a way that is unknown here. */
  | { readonly ending: "unknown" };

/** @returns how a lock that is not active ended, as far as the job's history tells. */
export function lossOf(id: string, state: JobState | null): LockLoss {
  const index = state?.history.findIndex((run) => run.id === id) ?? -1;
  const run = state?.history[index];
  const ending = run === undefined ? null : endingOf(run);
  if (state === null || run === undefined || ending === null) return { ending: "unknown" };
  const at = Date.parse(run.endedAt);
  return ending === "taken-over" ? { ending, at, holder: holderAfter(index, state) } : { ending, at };
}

/** @returns the holder that was granted the job after a run of its history, as far as the state tells. */
export function holderAfter(index: number, { history, active }: JobState): Holder | null {
  // The history is newest first. The next newer run follows it, or the active lock.
  const next = history[index - 1];
  if (index === 0) return active?.holder ?? null;
  return next === undefined ? null : holderOf(next);
}
