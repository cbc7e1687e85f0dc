import { ArgumentError } from "../errors/argument-error.ts";
import { countDue } from "./decide.ts";
import { type Delay, delayOf } from "./delay.ts";
import { dueInstants } from "./due.ts";
import type { Instant } from "./instant.ts";
import type { MissingJob } from "./not-started.ts";
import { missingJobs, type RequiredStates, requiredJobs } from "./required-jobs.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleOf } from "./schedule-of.ts";
import { begunOf, endingOf, finishedUntilOf, type JobState, type RecordedSchedule } from "./state-document.ts";

/** A job's next start, as far as it follows from the job's state. An active lock changes none of it. */
export interface WhatComesNext {
  /** When the next interval becomes due. Null where the state has no schedule or no progress. */
  readonly dueAt: Instant | null;
  /** How many further intervals are due after that one, counted up to `MAX_BEHIND`. Null in the same cases. */
  readonly behind: number | null;
  /** Whether a further interval is due, so that the job is a whole interval late. Null in the same cases. */
  readonly overdue: boolean | null;
  /** Whether the newest run that ended was interrupted or taken over. */
  readonly failing: boolean;
  /**
   * The required jobs that hold the next interval back although it is due. Null in the same cases, or if their states were not
   * read.
   */
  readonly waitingFor: readonly MissingJob[] | null;
}

/** A job's state, and its next start. */
export interface JobStatus {
  readonly state: JobState;
  readonly next: WhatComesNext;
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
  const prepared = await prepareSchedule(recorded);
  const end = prepared && nextEnd(state, prepared.schedule);
  if (recorded === undefined || prepared === null || end === null) {
    return { dueAt: null, behind: null, overdue: null, failing, waitingFor: null };
  }

  const { schedule, startBuffer } = prepared;
  const due = dueInstants(now, startBuffer);
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
 * @returns null where the state has no schedule or no progress.
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

/** @returns null where no schedule is recorded, and for a schedule that only a newer version understands. */
export async function prepareSchedule(recorded: RecordedSchedule | undefined): Promise<PreparedSchedule | null> {
  if (recorded === undefined) return null;
  const { jobInterval, timezone, startBuffer } = recorded;
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
