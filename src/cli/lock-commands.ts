import {
  checkLocationOf,
  type HandedLock,
  type HandedTakenLock,
  handedLockText,
  readGrantedLock,
} from "../backend/handed-lock.ts";
import { readActiveLock } from "../backend/handed-lock-state.ts";
import { ENDING_OF, type End, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { oneLine, startedLines } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import type { Location } from "../location/location.ts";
import type { Deadline } from "../network/deadline.ts";
import { toIso } from "../scheduler/instant.ts";
import { spanText } from "../scheduler/span.ts";
import { EXIT, runOnBackend } from "./command-line.ts";
import { notStartedLine } from "./not-started-line.ts";
import { parseDeadline, START_FLAGS, shortNumberWarnings, startIn } from "./start-flags.ts";
import { giveBack, type LockSurroundings, startLock } from "./start-lock.ts";

/** `start JOB --interval INTERVAL`: takes the lock of the next due interval, and prints its text. */
export function start(surroundings: LockSurroundings): Promise<number> {
  return runOnBackend(surroundings, { jobs: [1, 1], flags: START_FLAGS }, async (backend, given) => {
    const { errors, print } = surroundings;
    const requested = startIn(given);
    for (const line of shortNumberWarnings(given.flags)) errors.write(`${line}\n`);
    const outcome = await startLock({ ...requested, backend, surroundings, cancelled: surroundings.cancellation() });
    if (outcome.kind === "ended") return outcome.exitCode;
    const { answer } = outcome;
    if (!answer.started) {
      errors.write(`${notStartedLine("Not started", requested.request, answer)}\n`);
      return EXIT.notStarted;
    }
    try {
      await print(`${handedLockText(answer, given.location)}\n`);
    } catch {
      // No other process can end the lock without its text.
      if (answer.lock === null) return EXIT.failed;
      errors.write(`Nothing reads the text of the lock of ${oneLine(answer.jobName)}, so it is interrupted\n`);
      await giveBack(backend, answer.lock, surroundings);
      return EXIT.failed;
    }
    for (const line of startedLines(answer)) errors.write(`${line}\n`);
    return EXIT.done;
  });
}

/** `finish JOB --lock TEXT`: ends a run that succeeded. */
export function finish(surroundings: LockSurroundings): Promise<number> {
  return endCommand(surroundings, "finish");
}

/** `interrupt JOB --lock TEXT`: ends a run that failed. */
export function interrupt(surroundings: LockSurroundings): Promise<number> {
  return endCommand(surroundings, "interrupt");
}

const END_FLAGS = { lock: { type: "string" }, deadline: { type: "string" } } as const;

function endCommand(surroundings: LockSurroundings, end: End): Promise<number> {
  return runOnBackend(surroundings, { jobs: [1, 1], flags: END_FLAGS }, async (backend, given) => {
    const { job = "", flags, location } = given;
    const ms = parseDeadline(flags.deadline);
    const text = flags.lock === "-" ? (await surroundings.input()).trim() : flags.lock;
    const lock = lockIn(text, job, location);
    const { id } = lock;
    surroundings.output.write(
      id === null
        ? `Nothing to end: ${oneLine(job)} was started without a lock\n`
        : `${await endLock(backend, { lock: { ...lock, id }, end, deadline: surroundings.deadline(ms ?? undefined) })}\n`,
    );
    return EXIT.done;
  });
}

/** @throws ArgumentError for any text but that of a lock of this job, taken here. */
function lockIn(text: string | undefined, job: string, location: Location): HandedLock {
  if (text === undefined) {
    throw new ArgumentError("missing", {
      field: "lock",
      problem: "is missing",
      expected: "the text that start printed",
    });
  }
  const lock = readGrantedLock(text);
  if (lock.jobName !== job) {
    throw new ArgumentError("conflict", {
      field: "lock",
      problem: `is of the job ${shownValue(lock.jobName)}, and JOB is ${shownValue(job)}`,
      expected: `${shownValue(lock.jobName)} as JOB, or the text of a lock of ${shownValue(job)}`,
    });
  }
  checkLocationOf(lock, location);
  return lock;
}

interface LockEnd {
  readonly lock: HandedTakenLock;
  readonly end: End;
  readonly deadline: Deadline;
}

/** A lock that has this end already counts as ended: an earlier call may have ended it. @returns a line for the output. */
async function endLock(backend: JobBackend, { lock, end, deadline }: LockEnd): Promise<string> {
  const { jobName, id, intervalStartedAt, intervalEndedAt } = lock;
  const job = oneLine(jobName);
  try {
    await readActiveLock(backend, lock, deadline);
    await backend[end]({ jobName, id, record: null }, deadline);
  } catch (error) {
    if (!(error instanceof LockLostError) || error.loss.ending !== ENDING_OF[end]) throw error;
    return `Nothing to end: ${job} was ${error.loss.ending} at ${toIso(error.loss.at)}`;
  }
  return end === "finish"
    ? `Finished: ${job} for ${spanText({ from: intervalStartedAt, until: intervalEndedAt })}`
    : `Interrupted: ${job}, and the next start decides again from ${toIso(intervalStartedAt)}`;
}
