import type { JobState } from "../scheduler/state-document.ts";
import type { LockLoss } from "./job-backend.ts";

/** What became of a lock that isn't active, as far as the job's last runs tell. */
export function lossOf(id: string, state: JobState | null): LockLoss {
  const at = state?.history.findIndex((run) => run.id === id) ?? -1;
  const run = state?.history[at];
  if (state === null || run === undefined) return { to: "unknown" };
  if (run.outcome !== "taken-over") {
    return { to: run.outcome === "finished" ? "finish" : "interrupt", at: Date.parse(run.endedAt) };
  }
  // The run that took it over is the next one: it goes on, or has ended since.
  const runUrl = state.history[at - 1]?.runUrl;
  const holder = at === 0 ? (state.active?.holder ?? null) : runUrl ? { runUrl } : null;
  return { to: "takeover", at: Date.parse(run.endedAt), holder };
}
