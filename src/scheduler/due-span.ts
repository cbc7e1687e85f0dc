import { MAX_BEHIND } from "./decide.ts";
import type { Instant } from "./instant.ts";
import { type JobState, progressOf } from "./state-document.ts";
import { nextEnd, prepareSchedule, type WhatComesNext } from "./what-comes-next.ts";

/** The due intervals of a job, which a person can skip. */
export interface DueSpan {
  /** Where the first of them starts. */
  readonly from: Instant;
  /** Where the first of them ends. */
  readonly firstUntil: Instant;
  /** Where the last of them ends. */
  readonly lastUntil: Instant;
  /** How many there are: at most one more than `MAX_BEHIND`. */
  readonly count: number;
  /** Whether further intervals may be due after these. */
  readonly mayHaveMore: boolean;
}

/** @returns null where no interval is due, or the state has no schedule or no progress. */
export async function dueSpan(state: JobState, next: WhatComesNext, now: Instant): Promise<DueSpan | null> {
  const from = progressOf(state);
  const prepared = await prepareSchedule(state.schedule);
  const firstUntil = prepared && nextEnd(state, prepared.schedule);
  if (from === null || prepared === null || firstUntil === null) return null;
  if (next.dueAt === null || next.dueAt > now) return null;
  const behind = next.behind ?? 0;
  let lastUntil = firstUntil;
  for (let count = 0; count < behind; count++) lastUntil = prepared.schedule.next(lastUntil);
  return { from, firstUntil, lastUntil, count: behind + 1, mayHaveMore: behind >= MAX_BEHIND };
}
