import type { Instant } from "../../scheduler/instant.ts";
import { type JobState, progressOf } from "../../scheduler/state-document.ts";
import { nextEnd, prepareSchedule } from "../../scheduler/what-comes-next.ts";

/**
 * The intervals that a job gets next, by its recorded schedule. Each field is null where the state has no schedule or no
 * progress.
 */
export interface Upcoming {
  readonly from: Instant | null;
  readonly until: Instant | null;
  /** How long the next interval is, in milliseconds. */
  readonly length: number | null;
  /** When the interval after the active lock's one becomes due. Null without an active lock too. */
  readonly dueAfterLock: Instant | null;
}

const UNKNOWN: Upcoming = { from: null, until: null, length: null, dueAfterLock: null };

export async function upcomingOf(state: JobState): Promise<Upcoming> {
  const { active } = state;
  const prepared = await prepareSchedule(state.schedule);
  const from = progressOf(state);
  const until = prepared && nextEnd(state, prepared.schedule);
  if (prepared === null || from === null || until === null) return UNKNOWN;
  const { schedule, startBuffer } = prepared;
  const dueAfterLock = active && startBuffer.after(schedule.next(Date.parse(active.intervalEndedAt)));
  return { from, until, length: until - from, dueAfterLock };
}
