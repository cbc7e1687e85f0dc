import { HOUR, type Instant, toIso } from "./instant.ts";
import { type LockLoss, lossOf } from "./lock-loss.ts";
import {
  type EndedRun,
  type Ending,
  type Holder,
  holderOf,
  isAbandoned,
  isLockIdUsed,
  type JobState,
  type Lock,
  progressOf,
  type RecordedSchedule,
} from "./state-document.ts";

// Every change of a job's state. Each function returns the new state, or the reason why the state does not allow the change.
// None of them decides on a start. See docs/semantics.md, "Renew, skip, resume" and "Ends".

export type Transition<Refusal> =
  | { readonly state: JobState; readonly refusal: null }
  | { readonly state: null; readonly refusal: Refusal };

const MAX_HISTORY = 20;
const MAX_SKIPPED = 20;

/** Ids are remembered for this long: a delayed or repeated request arrives within this time, or never. */
const REMEMBERED = HOUR;
const MAX_REMEMBERED = 1_000;

export interface Grant {
  readonly lock: Lock;
  /** The first interval, if the job has finished nothing: `Granted.begun`. */
  readonly begun: { readonly intervalStartedAt: Instant; readonly intervalEndedAt: Instant };
  /** The schedule of the request. */
  readonly schedule: RecordedSchedule;
}

/** @returns the state with `lock` active. A lock that was active before is taken over. */
export function grantLock(state: JobState, { lock, begun, schedule }: Grant): JobState {
  const now = Date.parse(lock.createdAt);
  const freed = state.active === null ? state : endActive(state, state.active, { ending: "taken-over", now });
  const granted: JobState = { ...withoutOldIds(freed, now), active: lock, schedule };
  if (state.finishedUntil !== null) return granted;
  const intervalStartedAt = toIso(begun.intervalStartedAt);
  return { ...granted, begun: { intervalStartedAt, intervalEndedAt: toIso(begun.intervalEndedAt) } };
}

/**
 * Ends a run that succeeded: the next interval starts where this one ended. The span between the progress so far and the
 * interval's start is recorded as skipped.
 */
export function finish(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active?.id !== id) return refused(lossOf(id, state));
  const ended = endActive(state, active, { ending: "finished", now });
  const passed = withSkipped(ended, { until: Date.parse(active.intervalStartedAt), now });
  return changed({ ...passed, finishedUntil: active.intervalEndedAt });
}

/** Ends a run that failed: the next start decides from the same instant again. */
export function interrupt(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active?.id !== id) return refused(lossOf(id, state));
  return changed(endActive(state, active, { ending: "interrupted", now }));
}

/**
 * Gives up a start: no lock of this id is granted or resumed from now on. If the lock was granted already, its run is
 * interrupted.
 *
 * @returns the new state, and whether the start held the lock.
 */
export function abandon(
  state: JobState,
  id: string,
  now: Instant,
): { readonly state: JobState; readonly held: boolean } {
  const { active } = state;
  const held = active?.id === id;
  const freed = held ? endActive(state, active, { ending: "interrupted", now }) : state;
  const abandonedAt = toIso(now);
  const others = (state.abandoned ?? [])
    .map((entry) => (typeof entry === "string" ? { id: entry, abandonedAt } : entry))
    .filter((entry) => entry.id !== id);
  const recent = remembered([{ id, abandonedAt }, ...others], { now, since: (entry) => entry.abandonedAt });
  return { state: { ...freed, abandoned: recent }, held };
}

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
  if (active?.id === id)
    return changed({ ...state, active: { ...active, updatedAt: laterThan(active.updatedAt, now), holder } });

  const [run] = history;
  const newest = active ?? run;
  if (newest === undefined || !isLockIdUsed(state, id)) return refusedAs("ended");
  if (newest.id !== id) {
    const holder = active === null ? run && holderOf(run) : active.holder;
    const grantedSince = { id: newest.id, holder: holder ?? null };
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

function changed(state: JobState): Transition<never> {
  return { state, refusal: null };
}

function refused<Refusal>(refusal: Refusal): Transition<Refusal> {
  return { state: null, refusal };
}

/** Whether a skip brought the progress to `finishedUntil`. */
function isSkippedUpTo({ skipped, history, ended, begun }: JobState, finishedUntil: string): boolean {
  if (skipped?.[0] !== undefined) return skipped[0].skippedEndedAt === finishedUntil;
  // The skip of a job that never began records no span: no run has finished since, and only a first interval is begun.
  const isFinished = history.some(({ outcome }) => outcome !== "interrupted" && outcome !== "taken-over");
  return begun === undefined && ended === undefined && !isFinished;
}

function withSkipped(state: JobState, { until, now }: { until: Instant; now: Instant }): JobState {
  const from = progressOf(state);
  if (from === null || until <= from) return state;
  const span = { skippedStartedAt: toIso(from), skippedEndedAt: toIso(until), recordedAt: toIso(now) };
  return { ...state, skipped: [span, ...(state.skipped ?? [])].slice(0, MAX_SKIPPED) };
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

function endActive(state: JobState, lock: Lock, { ending, now }: { ending: Ending; now: Instant }): JobState {
  const { id, intervalStartedAt, intervalEndedAt, createdAt } = lock;
  const { runUrl = null, ...holder } = lock.holder ?? {};
  const run: EndedRun = {
    id,
    intervalStartedAt,
    intervalEndedAt,
    outcome: ending,
    createdAt,
    // The clock of a machine that ends a run without reading the job may be behind the store's.
    endedAt: toIso(Math.max(now, Date.parse(lock.updatedAt))),
    runUrl,
    ...(Object.keys(holder).length > 0 && { holder }),
  };
  const runs = [run, ...state.history];
  const forgotten = runs.slice(MAX_HISTORY).map((old) => ({ id: old.id, endedAt: old.endedAt }));
  const ended = [...forgotten, ...(state.ended ?? [])].slice(0, MAX_REMEMBERED);
  return { ...state, active: null, history: runs.slice(0, MAX_HISTORY), ...(ended.length > 0 && { ended }) };
}

/**
 * Forgets ids by their age. Only a grant does so, since a grant goes by the store's clock. The clock of a machine that ends a
 * run may be hours ahead.
 */
function withoutOldIds(state: JobState, now: Instant): JobState {
  if (state.ended === undefined) return state;
  const { ended, ...others } = state;
  const recent = remembered(ended, { now, since: (entry) => entry.endedAt });
  return recent.length === 0 ? others : { ...others, ended: recent };
}

function remembered<Entry>(
  entries: readonly Entry[],
  { now, since }: { now: Instant; since: (entry: Entry) => string },
): readonly Entry[] {
  return entries.filter((entry) => now - Date.parse(since(entry)) < REMEMBERED).slice(0, MAX_REMEMBERED);
}
