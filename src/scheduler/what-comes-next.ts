import { ArgumentError } from "../errors/argument-error.ts";
import { countDue } from "./decide.ts";
import { type Delay, delayOf } from "./delay.ts";
import { dueAt } from "./due.ts";
import type { Instant } from "./instant.ts";
import { scheduleOf } from "./job-interval.ts";
import type { MissingJob } from "./not-started.ts";
import { missingJobs, type RequiredStates, requiredJobs } from "./required-jobs.ts";
import type { Schedule } from "./schedule.ts";
import { begunOf, endingOf, finishedUntilOf, type JobState, type RecordedSchedule } from "./state-document.ts";

/** What a job's state tells about its next start. An active lock changes none of it. */
export interface WhatComesNext {
  /** When the next interval becomes due. Null where the state does not tell. */
  readonly dueAt: Instant | null;
  /** How many further intervals are due after that one, counted up to `MAX_BEHIND`. Null likewise. */
  readonly behind: number | null;
  /** Whether a further interval is due, so that the job is a whole interval late. Null likewise. */
  readonly overdue: boolean | null;
  /** Whether the newest run that ended was interrupted or taken over. */
  readonly failing: boolean;
  /** The required jobs that hold the next interval back although it is due. Null where the states do not tell. */
  readonly waitingFor: readonly MissingJob[] | null;
}

interface WhatComesNextInput {
  readonly state: JobState;
  /** The states of the jobs that `state.schedule` requires, or null where they were not read. */
  readonly required: RequiredStates | null;
  readonly now: Instant;
}

/** See docs/semantics.md, "What comes next". */
export async function whatComesNext({ state, required, now }: WhatComesNextInput): Promise<WhatComesNext> {
  const failing = isFailing(state);
  const recorded = state.schedule;
  const prepared = recorded === undefined ? null : await prepareSchedule(recorded);
  const end = prepared && nextEnd(state, prepared.schedule);
  if (recorded === undefined || prepared === null || end === null) {
    return { dueAt: null, behind: null, overdue: null, failing, waitingFor: null };
  }

  const { schedule, startBuffer } = prepared;
  const due = dueAt(now, startBuffer);
  const isDue = due.has(end);
  const behind = isDue ? countDue(end, schedule, due) : 0;
  const requirements =
    required && requiredJobs(state.name, { requiredJobNames: recorded.requiredJobNames, states: required });
  return {
    dueAt: startBuffer.after(end),
    behind,
    overdue: behind > 0,
    failing,
    waitingFor: requirements && (isDue ? missingJobs(requirements, end) : []),
  };
}

/** Whether the newest run that ended was interrupted or taken over. */
export function isFailing({ history: [newest] }: JobState): boolean {
  const ending = newest === undefined ? null : endingOf(newest);
  return ending === "interrupted" || ending === "taken-over";
}

/**
 * When {@link WhatComesNext.overdue} becomes true, without counting the intervals: for a list of all jobs.
 *
 * @param prepared The job's recorded schedule, or null if there is none that this version understands.
 * @returns null where the state does not tell.
 */
export function overdueAt(state: JobState, prepared: PreparedSchedule | null): Instant | null {
  const end = prepared && nextEnd(state, prepared.schedule);
  return prepared === null || end === null ? null : prepared.startBuffer.after(prepared.schedule.next(end));
}

/** A recorded schedule, parsed. */
export interface PreparedSchedule {
  readonly schedule: Schedule;
  readonly startBuffer: Delay;
}

/** @returns where the job's next interval ends, or null if that is not known before its start. */
export function nextEnd(state: JobState, schedule: Schedule): Instant | null {
  const finishedUntil = finishedUntilOf(state);
  return finishedUntil === null ? (begunOf(state)?.intervalEndedAt ?? null) : schedule.next(finishedUntil);
}

/** @returns null for a schedule that only a newer version understands. */
export async function prepareSchedule({
  jobInterval,
  timezone,
  startBuffer,
}: RecordedSchedule): Promise<PreparedSchedule | null> {
  try {
    return {
      schedule: await scheduleOf(jobInterval, timezone),
      startBuffer: await delayOf("startBuffer", startBuffer, timezone),
    };
  } catch (cause) {
    if (cause instanceof ArgumentError) return null;
    throw cause;
  }
}
