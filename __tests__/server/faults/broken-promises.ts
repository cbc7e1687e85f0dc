import { toIso } from "../../../src/scheduler/instant.ts";
import type { EndedRun, Ending, JobState } from "../../../src/scheduler/state-document.ts";
import { INTERVAL, RETRY_INTERVAL } from "./plan.ts";
import type { Attempt, EndTold, Story } from "./play.ts";

const HISTORY_LENGTH = 20;
const OUTCOME_OF = { finish: "finished", interrupt: "interrupted" } as const;

/** A run as the store tells of it: one that ended, or the active one. */
interface Run {
  readonly id: string;
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
  /** An ending, or `active`. */
  readonly outcome: string;
  readonly endedAt: string | null;
}

/** @returns a sentence for each thing that callers were promised, and that the job's state shows isn't so. */
export function brokenPromises({ attempts, state }: Story): readonly string[] {
  const runs = runsOf(state);
  if (runs.length >= HISTORY_LENGTH) return ["The history is full: plan shorter stories"];
  return [
    ...tiling(runs, state),
    ...runs.flatMap((run, at) => [...rightful(run, runs[at + 1], attempts)]),
    ...attempts.flatMap((attempt) => [...truthful(attempt, runs)]),
    ...progress(attempts),
  ];
}

/** Oldest first. */
function runsOf(state: JobState | null): readonly Run[] {
  if (state === null) return [];
  const ended: readonly EndedRun[] = state.history.toReversed();
  return state.active === null ? ended : [...ended, { ...state.active, outcome: "active", endedAt: null }];
}

/** No interval is skipped, and none is finished twice. */
function* tiling(runs: readonly Run[], state: JobState | null) {
  let until: string | null = null;
  for (const run of runs) {
    if (until !== null && run.intervalStartedAt !== until) {
      yield `${shown(run)} it doesn't start where the last finished one ended, ${until}`;
    }
    if (run.outcome === "finished") until = run.intervalEndedAt;
  }
  if ((state?.finishedUntil ?? null) !== until) yield `finishedUntil is ${state?.finishedUntil}, not ${until}`;
  if (new Set(runs.map(({ id }) => id)).size !== runs.length) yield "an id was granted twice";
}

/** A run is somebody's, who was told of it or of the doubt, and it ended as that one, or a takeover, had it. */
function* rightful(run: Run, next: Run | undefined, attempts: readonly Attempt[]) {
  const attempt = attempts.find(({ lockId }) => lockId === run.id);
  if (attempt === undefined) {
    yield `${shown(run)} it is nobody's`;
    return;
  }
  const { told, ends } = attempt;
  if (told.kind === "not started" && run.outcome !== "interrupted")
    yield `${shown(run)} it is of a start that was told "${told.reason}"`;
  const asked = ends.map(({ end }): Ending => OUTCOME_OF[end]);
  switch (run.outcome) {
    case "finished":
      if (!asked.includes("finished")) yield `${shown(run)} it was never asked to be`;
      break;
    case "interrupted":
      // A start that was given up, or refused, gives back what an earlier try of it may have taken.
      if (!asked.includes("interrupted") && told.kind === "started") yield `${shown(run)} it was never asked to be`;
      break;
    case "taken-over": {
      const by = attempts.find(({ lockId }) => lockId === next?.id);
      if (by?.mayTakeOver !== true) yield `${shown(run)} by one that may not`;
      if (told.kind === "started" && Date.parse(run.endedAt ?? "") - told.createdAt < RETRY_INTERVAL) {
        yield `${shown(run)} before its retryInterval had passed`;
      }
      break;
    }
    case "active":
      // Of a run that wasn't ended, or not with success, its caller knows. Of one that it wasn't granted it has to be told.
      if (told.kind === "error" ? told.effect === "none" : ends.at(-1)?.told.kind === "done") {
        yield `${shown(run)} it is left behind, and its caller got ${JSON.stringify(told)}, ${JSON.stringify(ends)}`;
      }
  }
}

/** What a caller was told is so. */
function* truthful({ lockId, told, ends }: Attempt, runs: readonly Run[]) {
  const run = runs.find(({ id }) => id === lockId);
  if (told.kind === "error" && told.effect === "possible" && !/retry-?interval/i.test(told.message)) {
    yield `the lock ${lockId} may have been taken, and its error doesn't say how it gets free: ${told.message}`;
  }
  if (told.kind !== "started") return;
  if (told.id !== lockId) {
    yield `the start of ${lockId} was told that it holds ${told.id}`;
    return;
  }
  if (run === undefined) {
    yield `the lock ${lockId} was granted, and never taken`;
    return;
  }
  if (run.intervalStartedAt !== toIso(told.intervalStartedAt) || run.intervalEndedAt !== toIso(told.intervalEndedAt)) {
    yield `${shown(run)} its caller was told to be of ${toIso(told.intervalStartedAt)} to ${toIso(told.intervalEndedAt)}`;
  }
  for (const [at, { end, told }] of ends.entries()) {
    const others = ends.toSpliced(at, 1).filter(({ told }) => mayBeDone(told));
    const wrong = wrongEnd(OUTCOME_OF[end], told, run, new Set(others.map(({ end }) => OUTCOME_OF[end])));
    if (wrong !== null) yield `${shown(run)} and ${end} was told ${wrong}`;
  }
}

const mayBeDone = (told: EndTold) => told.kind === "done" || (told.kind === "error" && told.effect === "possible");

/** @param others How other calls may have ended the same run. */
function wrongEnd(asked: Ending, told: EndTold, { outcome }: Run, others: ReadonlySet<string>): string | null {
  switch (told.kind) {
    case "done":
      return outcome === asked ? null : "that it is done";
    case "lost":
      return outcome === "taken-over" || (outcome !== asked && others.has(outcome)) ? null : "that its lock is lost";
    case "error":
      return told.effect === "possible" || outcome !== asked || others.has(asked) ? null : "that nothing came of it";
  }
}

/** Nobody is kept waiting without a reason: who asks alone, with nothing in doubt, gets the interval as soon as it is due. */
function* progress(attempts: readonly Attempt[]) {
  let dueAt = Number.NEGATIVE_INFINITY;
  let doubt = false;
  for (const { lockId, alone, askedAt, told, ends } of attempts) {
    if (alone && !doubt && told.kind === "not started" && (told.reason !== "not-due" || askedAt >= dueAt)) {
      yield `the start of ${lockId} was told "${told.reason}", though nothing stood against it`;
    }
    if (alone && !doubt && told.kind === "started" && askedAt < dueAt) yield `the lock ${lockId} was granted too soon`;
    if (told.kind === "error" && told.effect === "possible") doubt = true;
    const last = ends.at(-1);
    if (told.kind !== "started") continue;
    if (last?.told.kind !== "done") doubt = true;
    else if (last.end === "finish") dueAt = Math.max(dueAt, told.intervalEndedAt + INTERVAL);
  }
}

function shown({ id, intervalStartedAt, intervalEndedAt, outcome }: Run): string {
  return `the run ${id} of ${intervalStartedAt} to ${intervalEndedAt}, ${outcome}:`;
}
