import { HOUR } from "../../src/scheduler/instant.ts";
import type { JobState, Lock } from "../../src/scheduler/state-document.ts";

/** The run that holds the lock in {@link heldSince}. */
export const OTHER_RUN = {
  repository: "octo-org/reports",
  runId: "4711",
  attempt: "2",
  job: "nightly",
  runUrl: "https://github.com/octo-org/reports/actions/runs/4711/attempts/2",
};

/** The state of a job whose lock another run holds since `createdAt`. The interval is the hour before that instant. */
export function heldSince(jobName: string, createdAt: number, lock: Partial<Lock> = {}): JobState {
  const intervalEndedAt = new Date(createdAt).toISOString();
  const intervalStartedAt = new Date(createdAt - HOUR).toISOString();
  return {
    v: 1,
    name: jobName,
    finishedUntil: intervalStartedAt,
    active: {
      id: "11111111-2222-4333-8444-555555555555",
      intervalStartedAt,
      intervalEndedAt,
      createdAt: intervalEndedAt,
      updatedAt: intervalEndedAt,
      holder: OTHER_RUN,
      idempotencyKey: null,
      ...lock,
    },
    history: [],
  };
}

/** The state of a job that is finished until an instant and has no lock. */
export function finishedUntil(jobName: string, instant: number): JobState {
  return { v: 1, name: jobName, finishedUntil: new Date(instant).toISOString(), active: null, history: [] };
}
