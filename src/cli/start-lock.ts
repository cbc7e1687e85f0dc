import { constants } from "node:os";
import { DEFAULT_DEADLINE } from "../backend/call-limits.ts";
import { type HeldLock, type JobBackend, LockLostError, type StartAnswer } from "../backend/job-backend.ts";
import { lockIdOf } from "../backend/lock-id.ts";
import { oneLine } from "../backend/one-line.ts";
import { lastStartFailedLine, pauses, startWaiting } from "../backend/waiting-start.ts";
import { ServiceError } from "../errors/service-error.ts";
import { type Deadline, monotonicNow } from "../network/deadline.ts";
import { type CommandSurroundings, EXIT } from "./command-line.ts";
import { notStartedLine } from "./not-started-line.ts";
import { commandMessage } from "./remedies.ts";
import type { GivenStart } from "./start-flags.ts";

/** The longest that giving up a start may take, in milliseconds. */
const LONGEST_GIVE_UP = 8000;

/** All that the commands which take and end locks use outside of this process. */
export interface LockSurroundings extends CommandSurroundings {
  readonly newId: () => string;
  readonly platform: NodeJS.Platform;
  /** From the call on, a signal does not end this process. @returns a signal that it aborts. The reason is its name. */
  readonly cancellation: () => AbortSignal;
  /** Writes to the standard output. @throws if nothing reads it. */
  readonly print: (text: string) => Promise<void>;
  /** @returns all of the standard input. */
  readonly input: () => Promise<string>;
}

interface CommandStart extends GivenStart {
  readonly backend: JobBackend;
  readonly surroundings: LockSurroundings;
  readonly cancelled: AbortSignal;
}

export type StartOutcome =
  /** `sentAt`: when the start was sent, by the monotonic clock. */
  | { readonly kind: "answered"; readonly answer: StartAnswer; readonly sentAt: number }
  /** The start failed or was cancelled, and that is reported. */
  | { readonly kind: "ended"; readonly exitCode: number };

/** Asks for the next due interval. A start that fails or is cancelled gives its lock up. */
export async function startLock(start: CommandStart): Promise<StartOutcome> {
  const { backend, request, wait, surroundings, cancelled } = start;
  const { deadline, errors, now } = surroundings;
  const idempotencyKey = surroundings.newId();
  const claim = { idempotencyKey, lockId: lockIdOf(idempotencyKey), holder: null };
  const lock: HeldLock = { jobName: request.jobName, id: claim.lockId, record: null };
  let sentAt = 0;
  const again = (until: Deadline) => {
    sentAt = monotonicNow();
    return backend.start(request, claim, until);
  };
  const first = () => again(deadline(start.deadline ?? DEFAULT_DEADLINE.start, cancelled));
  try {
    const answer = await (wait === null
      ? first()
      : startWaiting({
          first,
          again,
          until: deadline(wait, cancelled),
          onChange: (refusal) => errors.write(`${notStartedLine("Waiting", request, refusal)}\n`),
          onFailure: (failure) => {
            if (!cancelled.aborted) errors.write(`${lastStartFailedLine(failure)}\n`);
          },
          now,
          ...pauses,
        }));
    if (!cancelled.aborted) return { kind: "answered", answer, sentAt };
    if (answer.started && answer.lock !== null) {
      if (!(await giveBack(backend, answer.lock, surroundings))) return { kind: "ended", exitCode: EXIT.failed };
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.effect === "possible") {
      errors.write(`${oneLine(commandMessage(error))}\n`);
      const isFree = await tryToFree(() => backend.abandon(lock, deadline(LONGEST_GIVE_UP)), start);
      if (!isFree || !cancelled.aborted) return { kind: "ended", exitCode: EXIT.failed };
    }
    if (!cancelled.aborted) throw error;
  }
  errors.write(`${cancelled.reason}: ${oneLine(request.jobName)} was not started, and no lock is held\n`);
  return { kind: "ended", exitCode: exitCodeOf(cancelled) };
}

/** @returns the exit code of a process that a signal ends, as a shell has it. */
export function exitCodeOf(cancelled: AbortSignal): number {
  return 128 + constants.signals[cancelled.reason as NodeJS.Signals];
}

/** Interrupts a lock that no other process knows of. @returns whether the lock is free. A failure is reported. */
export function giveBack(backend: JobBackend, lock: HeldLock, surroundings: LockSurroundings): Promise<boolean> {
  const interrupt = async () => {
    try {
      await backend.interrupt(lock, surroundings.deadline(LONGEST_GIVE_UP));
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
    }
  };
  return tryToFree(interrupt, { request: lock, surroundings });
}

/** Calls `end`, which frees a lock, and reports its failure. @returns whether the lock is free. */
async function tryToFree(
  end: () => Promise<unknown>,
  { request, surroundings }: { request: Pick<HeldLock, "jobName">; surroundings: LockSurroundings },
): Promise<boolean> {
  try {
    await end();
    return true;
  } catch (error) {
    surroundings.errors.write(
      `${oneLine(commandMessage(error))}. The lock of ${oneLine(request.jobName)} may have been taken: run status to see it, and release to free it\n`,
    );
    return false;
  }
}
