import { HOUR, type Instant } from "../../src/scheduler/instant.ts";
import type { Grant, Transition } from "../../src/scheduler/job-transitions.ts";
import type { EndedRun, JobState, Lock, RecordedSchedule } from "../../src/scheduler/state-document.ts";
import { at, ended, job, lock } from "./states-by-time-of-day.ts";

export const instant = (time: string): Instant => Date.parse(at(time));
export const NOW = instant("10:10");
export const SCHEDULE: RecordedSchedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
export const HOLDER = { runUrl: "https://github.example/runs/2" };

/** The run of `lock("09:00", "10:00")` after it ended. */
export const run = (changed: Partial<EndedRun>) =>
  ended({
    id: "lock-1",
    intervalStartedAt: at("09:00"),
    intervalEndedAt: at("10:00"),
    createdAt: at("10:00"),
    runUrl: "https://github.example/runs/1",
    holder: { repository: "octo/reports", runId: "1", attempt: "1", job: "run" },
    ...changed,
  });
export const interrupted = (changed: Partial<EndedRun> = {}) =>
  run({ outcome: "interrupted", endedAt: at("10:05"), ...changed });
export const active = job({ finishedUntil: at("09:00"), active: lock("09:00", "10:00"), history: [ended()] });
export const begun = (from: string, to: string) => ({ intervalStartedAt: at(from), intervalEndedAt: at(to) });
export const span = (from: string, to: string, recorded = "10:10") => ({
  skippedStartedAt: at(from),
  skippedEndedAt: at(to),
  recordedAt: at(recorded),
});

export function grantOf(granted: Lock, first = granted): Grant {
  const begun = {
    intervalStartedAt: Date.parse(first.intervalStartedAt),
    intervalEndedAt: Date.parse(first.intervalEndedAt),
  };
  return { lock: granted, begun, schedule: SCHEDULE };
}

export function stateOf<Refusal>({ state, refusal }: Transition<Refusal>): JobState {
  if (state === null) throw new Error(`Expected a change, not ${JSON.stringify(refusal)}`);
  return state;
}
