import type { JobStatus } from "../../backend/job-backend.ts";
import type { Instant } from "../../scheduler/instant.ts";
import { prepareSchedule } from "../../scheduler/what-comes-next.ts";

/** The intervals of a job that a person can skip now: those that are due. */
export interface Skippable {
  /** Where the first of them starts. */
  readonly from: Instant;
  /** Where the first of them ends. */
  readonly firstUntil: Instant;
  /** Where the last of them ends. */
  readonly lastUntil: Instant;
  readonly count: number;
}

/** @returns null where no interval is due, or where the state does not tell. */
export async function skippable({ state, next }: JobStatus, now: Instant): Promise<Skippable | null> {
  const start = state.finishedUntil ?? state.begun?.intervalStartedAt;
  const prepared = state.schedule === undefined ? null : await prepareSchedule(state.schedule);
  if (start === undefined || prepared === null || next.dueAt === null || next.dueAt > now) return null;
  const from = Date.parse(start);
  const firstUntil =
    state.finishedUntil === null && state.begun !== undefined
      ? Date.parse(state.begun.intervalEndedAt)
      : prepared.schedule.next(from);
  let lastUntil = firstUntil;
  const behind = next.behind ?? 0;
  for (let count = 0; count < behind; count++) lastUntil = prepared.schedule.next(lastUntil);
  return { from, firstUntil, lastUntil, count: behind + 1 };
}
