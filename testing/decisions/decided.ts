import { type Decision, decide } from "../../src/scheduler/decide.ts";
import { type Instant, toIso } from "../../src/scheduler/instant.ts";
import { prepareStart, type StartRequest } from "../../src/scheduler/start-request.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { at, DAY_OF_TESTS, job, lock } from "../states/states-by-time-of-day.ts";

export type Requested = Partial<StartRequest>;

/** Decides on a request of every hour on the hour, unless `requested` says otherwise. */
export async function decideOn(
  requested: Requested,
  state: JobState | null,
  now: Instant,
  required = {},
): Promise<Decision> {
  const prepared = await prepareStart({ jobName: "report", jobInterval: "0 * * * *", ...requested });
  return decide(prepared, state, new Map(Object.entries(required)), now);
}

/** The time of day; with its date if that is not the day of the tests. */
export function shown(instant: Instant): string {
  return toIso(instant)
    .replace(`${DAY_OF_TESTS}T`, "")
    .replace(/(:00)?(\.000)?Z$/, "");
}

export function inWords(decision: Decision): string {
  if (decision.started) return `${shown(decision.intervalStartedAt)}–${shown(decision.intervalEndedAt)}`;
  switch (decision.reason) {
    case "active":
      return `active: ${decision.id}, ${decision.retryAt === null ? "forever" : `until ${shown(decision.retryAt)}`}`;
    case "not-due":
      return `not due${decision.dueAt === null ? "" : ` until ${shown(decision.dueAt)}`}`;
    case "required-job": {
      const { jobName, finishedUntil, neededUntil } = decision;
      if (finishedUntil === null || neededUntil === null) return `${jobName} has finished nothing`;
      return `${jobName} is at ${shown(finishedUntil)}, not ${shown(neededUntil)}`;
    }
  }
}

export const instant = (time: string) => Date.parse(at(time));
export const until = (time: string) => job({ finishedUntil: at(time) });
export const held = (from: string, to: string, updatedAt = to) =>
  job({ finishedUntil: at(from), active: lock(from, to, { updatedAt: at(updatedAt) }) });
export const heldFirst = (from: string, to: string) => job({ active: lock(from, to) });
export const begun = (from: string, to: string) =>
  job({ begun: { intervalStartedAt: at(from), intervalEndedAt: at(to) } });

export type Case = [behaviour: string, state: JobState | null, now: string, outcome: string, requested?: Requested];
