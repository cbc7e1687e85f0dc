import type { Instant } from "./instant.ts";
import { type Ending, endingOf, type Holder, holderOf, type JobState } from "./state-document.ts";

/** The end of a lock that is no longer active. */
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
  if (ending !== "taken-over") return { ending, at };
  // The history is newest first. The run that took the lock over is the next newer one, or holds the active lock.
  const next = state.history[index - 1];
  return { ending, at, holder: next === undefined ? (state.active?.holder ?? null) : holderOf(next) };
}
