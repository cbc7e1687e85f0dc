import type { JobState } from "../scheduler/state-document.ts";
import type { LockLoss } from "./job-backend.ts";

/** @returns how a lock that is not active ended, as far as the job's history tells. */
export function lossOf(id: string, state: JobState | null): LockLoss {
  const index = state?.history.findIndex((run) => run.id === id) ?? -1;
  const run = state?.history[index];
  if (state === null || run === undefined) return { ending: "unknown" };
  const at = Date.parse(run.endedAt);
  if (run.outcome !== "taken-over") return { ending: run.outcome, at };
  // The history is newest first. The run that took the lock over is the next newer one, or is still active.
  const runUrl = state.history[index - 1]?.runUrl;
  const holder = index === 0 ? (state.active?.holder ?? null) : runUrl ? { runUrl } : null;
  return { ending: "taken-over", at, holder };
}
