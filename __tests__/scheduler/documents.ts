import type { EndedRun, JobState, Lock } from "../../src/scheduler/state-document.ts";

export const DAY_OF_TESTS = "2026-03-04";

/** An instant on the day of the tests, such as `at("10:30")` or `at("10:30:15.250")`. */
export function at(time: string): string {
  return `${DAY_OF_TESTS}T${time}${":00.000".slice(Math.max(0, time.length - "10:30".length))}Z`;
}

export function lock(from: string, to: string, changed: Partial<Lock> = {}): Lock {
  return {
    id: "lock-1",
    intervalStartedAt: at(from),
    intervalEndedAt: at(to),
    createdAt: at(to),
    updatedAt: at(to),
    holder: {
      repository: "octo/reports",
      runId: "1",
      attempt: "1",
      job: "run",
      runUrl: "https://github.example/runs/1",
    },
    idempotencyKey: null,
    ...changed,
  };
}

export function ended(changed: Partial<EndedRun> = {}): EndedRun {
  return {
    id: "lock-0",
    intervalStartedAt: at("07:00"),
    intervalEndedAt: at("08:00"),
    outcome: "finished",
    endedAt: at("08:05"),
    runUrl: "https://github.example/runs/0",
    ...changed,
  };
}

export function job(changed: Partial<JobState> = {}): JobState {
  return { v: 1, name: "report", finishedUntil: null, active: null, history: [], ...changed };
}
