import { type Instant, toIso } from "./instant.ts";
import { changed, refused, type Transition, withSkipped } from "./job-transitions.ts";
import { type LockLoss, lossOf } from "./lock-loss.ts";
import {
  type EndedRun,
  type Holder,
  holderOf,
  isAbandoned,
  isLockIdUsed,
  type JobState,
  type Lock,
  progressOf,
} from "./state-document.ts";

// The changes of a job's state that most runs do without: docs/semantics.md, "Renew, skip, resume".

/** Updates the lock of a holder that is alive, so that the retry interval counts from now. */
export function renew(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active?.id !== id) return refused(lossOf(id, state));
  return changed({ ...state, active: { ...active, updatedAt: laterThan(active.updatedAt, now) } });
}

/** The reason why a lock cannot be resumed. */
interface ResumeRefusal {
  /**
   * `granted-since`: the job was granted to another run. `passed`: the job has finished or skipped beyond the lock's start.
   * `abandoned`: its start was abandoned. `ended`: its run was not interrupted, but finished or taken over, or is unknown.
   */
  readonly reason: "granted-since" | "passed" | "abandoned" | "ended";
  readonly loss: LockLoss;
  /** The lock that was granted since: its id, and its holder as far as the state tells. Null unless `granted-since`. */
  readonly grantedSince: { readonly id: string; readonly holder: Holder | null } | null;
}

interface Resumption {
  readonly id: string;
  readonly holder: Holder | null;
  readonly now: Instant;
}

/**
 * Makes an interrupted lock active again, if no lock of the job was granted since. An active lock of this id is updated
 * likewise, so that a call whose answer was lost can be repeated.
 */
export function resume(state: JobState, { id, holder, now }: Resumption): Transition<ResumeRefusal> {
  const { active, history, finishedUntil } = state;
  const refusedAs = (reason: ResumeRefusal["reason"]) =>
    refused<ResumeRefusal>({ reason, loss: lossOf(id, state), grantedSince: null });
  if (isAbandoned(state, id)) return refusedAs("abandoned");
  if (active?.id === id) {
    return changed({ ...state, active: { ...active, updatedAt: laterThan(active.updatedAt, now), holder } });
  }

  const [run] = history;
  const newest = active ?? run;
  if (newest === undefined || !isLockIdUsed(state, id)) return refusedAs("ended");
  if (newest.id !== id) {
    const since = active === null ? run && holderOf(run) : active.holder;
    const grantedSince = { id: newest.id, holder: since ?? null };
    return refused({ reason: "granted-since", loss: lossOf(id, state), grantedSince });
  }
  if (run === undefined || run.outcome !== "interrupted") return refusedAs("ended");
  if (finishedUntil !== null && run.intervalStartedAt < finishedUntil) return refusedAs("passed");
  return changed({ ...state, active: resumedLock(run, { holder, now }) });
}

/** The reason why intervals cannot be skipped. */
export type SkipRefusal =
  | { readonly reason: "active"; readonly lock: Lock }
  | { readonly reason: "in-future" }
  /** `until` is not after `after`, where the next interval starts. */
  | { readonly reason: "passed"; readonly after: Instant };

/**
 * Declares intervals done that no run did, so that later ones can start.
 *
 * @param until Where the next interval starts after the skip.
 */
export function skip(state: JobState, until: Instant, now: Instant): Transition<SkipRefusal> {
  // A repeated call, after an answer that was lost.
  if (state.finishedUntil === toIso(until) && isSkippedUpTo(state, state.finishedUntil)) return changed(state);

  if (state.active !== null) return refused({ reason: "active", lock: state.active });
  if (until > now) return refused({ reason: "in-future" });
  const after = progressOf(state);
  if (after !== null && until <= after) return refused({ reason: "passed", after });
  return changed({ ...withSkipped(state, { until, now }), finishedUntil: toIso(until) });
}

/** Whether a skip brought the progress to `finishedUntil`. */
function isSkippedUpTo({ skipped, history, ended, begun }: JobState, finishedUntil: string): boolean {
  if (skipped?.[0] !== undefined) return skipped[0].skippedEndedAt === finishedUntil;
  // The skip of a job that never began records no span: no run has finished since, and only a first interval is begun.
  const isFinished = history.some(({ outcome }) => outcome !== "interrupted" && outcome !== "taken-over");
  return begun === undefined && ended === undefined && !isFinished;
}

/** The new instant differs from the old one even in the same millisecond: a takeover that names the old one must fail. */
function laterThan(before: string, now: Instant): string {
  return toIso(Math.max(now, Date.parse(before) + 1));
}

function resumedLock(run: EndedRun, { holder, now }: { holder: Holder | null; now: Instant }): Lock {
  const { id, intervalStartedAt, intervalEndedAt, endedAt, createdAt = endedAt } = run;
  // A machine that ended the run by its own clock may be hours ahead.
  const updatedAt = laterThan(toIso(Math.min(Date.parse(endedAt), now)), now);
  return { id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder, idempotencyKey: null };
}
