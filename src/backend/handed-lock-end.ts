import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { toIso } from "../scheduler/instant.ts";
import { lossOf } from "../scheduler/lock-loss.ts";
import { type Holder, holderOf, type JobState, type RecordedInterval } from "../scheduler/state-document.ts";
import { type HandedLock, type HandedTakenLock, isForInterval } from "./handed-lock.ts";
import { type HeldLock, LockLostError } from "./job-backend.ts";
import { holderLine } from "./one-line.ts";

/** The workflow run of a holder: no other run may end its lock. */
export type RunIdentity = Pick<Holder, "serverUrl" | "repository" | "runId">;

/** The call that ends a lock which was handed on. */
export type HandedLockEnd =
  /** `resume-and-finish`: an earlier attempt of the run interrupted the lock, and now the work has succeeded. */
  | { readonly call: "finish" | "interrupt" | "resume-and-finish" }
  /** The lock has this end already. */
  | { readonly call: null; readonly endedAt: string };

interface RequestedEnd {
  readonly lock: HandedTakenLock;
  /** Whether the work of the interval succeeded. */
  readonly isDone: boolean;
  /** The workflow run that ends the lock. */
  readonly run: RunIdentity;
}

/**
 * Decides on the end of a lock whose text came from elsewhere, by the job's state: anyone can write such a text.
 *
 * @throws ArgumentError `lock-of-other-run` for a lock that is not of this run, or not as the state has it.
 * @throws LockLostError for a lock that ended otherwise.
 */
export function endOfHandedLock({ lock, isDone, run }: RequestedEnd, state: JobState | null): HandedLockEnd {
  const held: HeldLock = { jobName: lock.jobName, id: lock.id, record: null };
  const active = state?.active?.id === lock.id ? state.active : null;
  if (active !== null) {
    checkIsOfRun(lock, active, run);
    return { call: isDone ? "finish" : "interrupt" };
  }
  const ended = state?.history.find(({ id }) => id === lock.id);
  const loss = lossOf(lock.id, state);
  if (ended === undefined || loss.ending === "unknown" || loss.ending === "taken-over") {
    throw new LockLostError(held, loss);
  }
  checkIsOfRun(lock, { ...ended, holder: holderOf(ended) }, run);
  if ((loss.ending === "finished") === isDone) return { call: null, endedAt: toIso(loss.at) };
  if (isDone) return { call: "resume-and-finish" };
  throw new LockLostError(held, loss);
}

interface Recorded extends RecordedInterval {
  readonly holder: Holder | null;
}

function checkIsOfRun(lock: HandedLock, recorded: Recorded, run: RunIdentity): void {
  const { intervalStartedAt, intervalEndedAt, holder } = recorded;
  if (!isForInterval(lock, recorded)) {
    throw otherRun(
      lock,
      `is for another interval than the lock of that id, ${intervalStartedAt} to ${intervalEndedAt}`,
    );
  }
  const isSameRun =
    run.serverUrl !== undefined &&
    run.repository !== undefined &&
    run.runId !== undefined &&
    holder?.serverUrl === run.serverUrl &&
    holder.repository === run.repository &&
    holder.runId === run.runId;
  if (!isSameRun) throw otherRun(lock, `is held by another run, ${holderLine(holder)}, which alone may end it`);
}

function otherRun(lock: HandedLock, problem: string): ArgumentError {
  return new ArgumentError("lock-of-other-run", {
    field: "lock",
    problem: `${shownValue(lock.id)} of the job ${shownValue(lock.jobName)} ${problem}`,
  });
}
