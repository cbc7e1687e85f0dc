import type { Length } from "../../src/scheduler/duration.ts";
import type { Instant } from "../../src/scheduler/instant.ts";
import { type JobState, type Lock, newJobState } from "../../src/scheduler/state-document.ts";
import type { Call } from "./calls.ts";

/** A swap that the store made. */
export interface Write {
  /** The call that the swap belongs to. */
  readonly call: Call;
  readonly before: JobState | null;
  readonly after: JobState;
  readonly at: Instant;
  /** The documents of all jobs after it. */
  readonly others: ReadonlyMap<string, JobState>;
}

/** @returns the first property that an execution broke, in words, or null. `calls` are in no order. */
export function violationIn(
  writes: readonly Write[],
  calls: readonly Call[],
  first: readonly JobState[],
): string | null {
  const checks = [oneHolder, noFuture, order, fencing, orderOfJobs];
  for (const write of writes) {
    for (const check of checks) {
      const violation = check(write);
      if (violation !== null) return violation;
    }
  }
  return tiling(writes, first) ?? usedIds(writes) ?? answers(writes, calls);
}

/** The lock that a write granted, or null. */
function grantIn({ call, before, after }: Write): Lock | null {
  // A start whose grant was confirmed late also renews its lock.
  const isNew = after.active?.id === call.id && before?.active?.id !== call.id;
  return call.is === "start" && isNew ? after.active : null;
}

function oneHolder(write: Write): string | null {
  const { call, before, after } = write;
  const lock = grantIn(write);
  const old = before?.active ?? null;
  if (lock !== null) {
    if (before?.finishedUntil && lock.intervalStartedAt < before.finishedUntil) {
      return `one holder: ${lock.id} was granted an interval from ${lock.intervalStartedAt}, finished until ${before.finishedUntil}`;
    }
    if (old !== null && !mayTakeOver(call, old, lock))
      return `one holder: ${lock.id} was granted while ${old.id} was active`;
    if (old !== null && (after.history[0]?.id !== old.id || after.history[0].outcome !== "taken-over")) {
      return `one holder: ${lock.id} took ${old.id} over, and the history does not say so`;
    }
  }
  if (call.is === "skip" && old !== null) return `one holder: a skip while ${old.id} was active`;
  if (call.is === "resume" && old !== null && old.id !== call.id)
    return `one holder: ${call.id} resumed while ${old.id} was active`;
  return null;
}

function mayTakeOver({ request }: Call, old: Lock, lock: Lock): boolean {
  const updatedAt = Date.parse(old.updatedAt);
  if (request?.takeOver?.id === old.id && request.takeOver.updatedAt === updatedAt) return true;
  return request?.retryInterval !== undefined && updatedAt + ms(request.retryInterval) <= Date.parse(lock.createdAt);
}

function noFuture(write: Write): string | null {
  const { call, at, after } = write;
  const lock = grantIn(write);
  if (lock !== null) {
    if (lock.intervalEndedAt <= lock.intervalStartedAt)
      return `no future: ${lock.id} was granted an interval of no length`;
    const dueAt = Date.parse(lock.intervalEndedAt) + ms(call.request?.startBuffer ?? 0);
    if (dueAt > Date.parse(lock.createdAt) || Date.parse(lock.createdAt) > at) {
      return `no future: ${lock.id} was granted before its interval was due`;
    }
  }
  if (call.is === "skip" && Date.parse(after.finishedUntil ?? "") > at) return "no future: a skip into the future";
  return null;
}

function order({ call, before, after }: Write): string | null {
  if ((after.finishedUntil ?? "") < (before?.finishedUntil ?? "")) {
    return `order: from ${before?.finishedUntil} to ${after.finishedUntil}`;
  }
  const moved = after.finishedUntil !== (before?.finishedUntil ?? null);
  if (moved && call.is !== "finish" && call.is !== "skip") return `order: ${call.is} moved the progress`;
  return null;
}

function fencing({ call, before, after }: Write): string | null {
  const [old, active] = [before?.active ?? null, after.active];
  const own = old?.id === call.id;
  const newest = after.history[0];
  switch (call.is) {
    case "finish":
    case "interrupt": {
      if (!own || active !== null) return `fencing: ${call.is} by ${call.id} while ${old?.id} was active`;
      const outcome = call.is === "finish" ? "finished" : "interrupted";
      if (newest?.id !== call.id || newest.outcome !== outcome)
        return `fencing: the history does not say that ${call.id} ${outcome}`;
      if (old !== null && newest.endedAt < old.updatedAt) return `fencing: ${call.id} ended before it was updated`;
      return null;
    }
    case "renew":
    case "start":
      if (call.is === "start" && !own) return null;
      if (!own || active?.id !== call.id) return `fencing: ${call.is} by ${call.id} while ${old?.id} was active`;
      return active.updatedAt > (old?.updatedAt ?? "")
        ? null
        : `fencing: a renewal left the lock of ${call.id} as it was`;
    case "resume": {
      if (active?.id !== call.id) return `fencing: a resume of ${call.id} left ${active?.id} active`;
      if (own)
        return active.updatedAt > (old?.updatedAt ?? "")
          ? null
          : `fencing: a resume left the lock of ${call.id} as it was`;
      const run = before?.history[0];
      if (run?.id !== call.id || run.outcome !== "interrupted")
        return `fencing: ${call.id} was resumed after ${run?.id} ${run?.outcome}`;
      if (before?.finishedUntil && run.intervalStartedAt < before.finishedUntil)
        return `fencing: ${call.id} was resumed, and had passed`;
      return null;
    }
    case "abandon":
      if (active?.id === call.id) return `fencing: ${call.id} was abandoned, and stayed active`;
      return own || active?.id === old?.id ? null : `fencing: an abandon of ${call.id} ended ${old?.id}`;
    case "skip":
      return null;
  }
}

function orderOfJobs(write: Write): string | null {
  const lock = grantIn(write);
  if (lock === null) return null;
  for (const name of write.call.request?.requiredJobNames ?? []) {
    const progress = write.others.get(name)?.finishedUntil ?? "";
    if (progress < lock.intervalEndedAt) {
      return `order of jobs: ${lock.id} was granted until ${lock.intervalEndedAt}, and ${name} had got to ${progress}`;
    }
  }
  return null;
}

/** Finished and skipped spans follow each other without a gap and without an overlap. */
function tiling(writes: readonly Write[], first: readonly JobState[]): string | null {
  const progress = new Map(first.map(({ name, finishedUntil }) => [name, finishedUntil]));
  for (const { call, before, after } of writes) {
    const was = before ?? newJobState(after.name);
    if (call.is !== "finish" && call.is !== "skip") continue;
    let cursor = progress.get(after.name) ?? was.begun?.intervalStartedAt ?? null;
    const [span] = after.skipped ?? [];
    if (span !== undefined && JSON.stringify(span) !== JSON.stringify(was.skipped?.[0])) {
      if (cursor !== null && span.skippedStartedAt !== cursor)
        return `tiling: skipped from ${span.skippedStartedAt} after ${cursor}`;
      cursor = span.skippedEndedAt;
    }
    if (call.is === "finish" && was.active !== null) {
      if (cursor !== null && was.active.intervalStartedAt !== cursor)
        return `tiling: finished from ${was.active.intervalStartedAt} after ${cursor}`;
      cursor = was.active.intervalEndedAt;
    }
    if (cursor !== null && after.finishedUntil !== cursor)
      return `tiling: progress until ${after.finishedUntil}, and spans until ${cursor}`;
    progress.set(after.name, after.finishedUntil);
  }
  return null;
}

/** An id is granted once, and neither granted nor resumed after its start was abandoned. */
function usedIds(writes: readonly Write[]): string | null {
  const granted = new Set<string>();
  const abandoned = new Set<string>();
  for (const write of writes) {
    const { call, before, after } = write;
    const { active } = after;
    if (active !== null && active.id !== before?.active?.id) {
      if (abandoned.has(active.id)) return `fencing: ${active.id} became active after its start was abandoned`;
      if (granted.has(active.id) && call.is !== "resume") return `fencing: ${active.id} was granted again`;
      granted.add(active.id);
    }
    if (call.is === "abandon") abandoned.add(call.id);
  }
  return null;
}

/** The answers agree with the writes. */
function answers(writes: readonly Write[], calls: readonly Call[]): string | null {
  for (const call of calls) {
    const { is, id, result } = call;
    const own = writes.filter((write) => write.call === call);
    const sameCalls = writes.filter((write) => write.call.is === is && write.call.id === id);
    if (result.is === "pending") return `answers: ${is} of ${id} got no answer`;
    if (result.is === "done" && is !== "skip" && sameCalls.length === 0)
      return `answers: ${is} of ${id} is said to be done, and is not`;
    if (result.is === "lost" && (is === "finish" || is === "interrupt") && own.length > 0)
      return `answers: ${is} of ${id} was done, and the lock is said to be lost`;
    if (is === "start" && result.is === "started") {
      if (own.length === 0) return `answers: ${id} is said to be granted, and is not`;
      const retryInterval = ms(call.request?.retryInterval ?? Number.POSITIVE_INFINITY);
      if (retryInterval > 0 && result.at >= result.updatedAt + retryInterval) {
        return `one holder: the answer came when the lock of ${id} could be taken over already`;
      }
    }
  }
  return orphans(writes, calls);
}

/** A lock that is active at the end belongs to a start that was answered with it. */
function orphans(writes: readonly Write[], calls: readonly Call[]): string | null {
  const last = new Map(writes.map(({ after }) => [after.name, after]));
  for (const { active, name } of last.values()) {
    if (active === null) continue;
    const start = calls.find(({ is, id }) => is === "start" && id === active.id);
    if (start !== undefined && start.result.is !== "started")
      return `fencing: the lock ${active.id} of ${name} has no holder`;
  }
  return null;
}

function ms(length: Length): number {
  if (typeof length !== "number") throw new Error("The scenarios give lengths in milliseconds");
  return length;
}
