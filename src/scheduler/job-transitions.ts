import { HOUR, type Instant, toIso } from "./instant.ts";
import { type LockLoss, lossOf } from "./lock-loss.ts";
import {
  type EndedRun,
  type Ending,
  type JobState,
  type Lock,
  progressOf,
  type RecordedSchedule,
} from "./state-document.ts";

// The changes of a job's state by a start and by the end of its run: docs/semantics.md, "Ends". Each function returns the new
// state, or the reason why the state does not allow the change. None of them decides on a start. rare-transitions.ts has the
// changes that most runs do without.

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

export function changed(state: JobState): Transition<never> {
  return { state, refusal: null };
}

export function refused<Refusal>(refusal: Refusal): Transition<Refusal> {
  return { state: null, refusal };
}

/** Records the span between the progress and `until` as skipped. */
export function withSkipped(state: JobState, { until, now }: { until: Instant; now: Instant }): JobState {
  const from = progressOf(state);
  if (from === null || until <= from) return state;
  const span = { skippedStartedAt: toIso(from), skippedEndedAt: toIso(until), recordedAt: toIso(now) };
  return { ...state, skipped: [span, ...(state.skipped ?? [])].slice(0, MAX_SKIPPED) };
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
 * Forgets the ids of runs that ended more than an hour ago. Only a grant does so, since it goes by the store's clock. The clock
 * of a machine that ends a run may be hours ahead.
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
  // The texts are compared, since a state may have a thousand of them: of two instants in this form, the earlier one sorts first.
  const from = toIso(now - REMEMBERED);
  return entries.filter((entry) => since(entry) > from).slice(0, MAX_REMEMBERED);
}
