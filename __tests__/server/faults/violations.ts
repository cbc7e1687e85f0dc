import { toIso } from "../../../src/scheduler/instant.ts";
import type { EndedRun, Ending, JobState } from "../../../src/scheduler/state-document.ts";
import { INTERVAL, RETRY_INTERVAL } from "./plan.ts";
import type { Attempt, EndAnswer, Sequence } from "./play.ts";

const HISTORY_LENGTH = 20;
const OUTCOME_OF = { finish: "finished", interrupt: "interrupted" } as const;

/** A run in the job's state document: one that ended, or the one that holds the active lock. */
interface Run {
  readonly id: string;
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
  /** An ending, or `active`. */
  readonly outcome: string;
  readonly endedAt: string | null;
}

/** @returns a sentence for each property that the answers and the job's state violate. */
export function violationsIn({ attempts, state }: Sequence): readonly string[] {
  const runs = runsOf(state);
  if (runs.length >= HISTORY_LENGTH) return ["The history is full: plan shorter sequences"];
  return [
    ...tiling(runs, state),
    ...runs.flatMap((run, at) => [...ownership(run, runs[at + 1], attempts)]),
    ...attempts.flatMap((attempt) => [...truth(attempt, runs)]),
    ...progress(attempts),
  ];
}

/** @returns the runs of a job, oldest first. */
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
      yield `${shown(run)} it does not start where the last finished one ended, ${until}`;
    }
    if (run.outcome === "finished") until = run.intervalEndedAt;
  }
  if ((state?.finishedUntil ?? null) !== until) yield `finishedUntil is ${state?.finishedUntil}, not ${until}`;
  if (new Set(runs.map(({ id }) => id)).size !== runs.length) yield "an id was granted twice";
}

/**
 * Each run belongs to a start whose answer was a grant or left the effect open. Its end was requested by the same caller, or
 * another start took its lock over.
 */
function* ownership(run: Run, next: Run | undefined, attempts: readonly Attempt[]) {
  const attempt = attempts.find(({ lockId }) => lockId === run.id);
  if (attempt === undefined) {
    yield `${shown(run)} no start has its id`;
    return;
  }
  const { answer, ends } = attempt;
  if (answer.kind === "not started" && run.outcome !== "interrupted")
    yield `${shown(run)} its start was refused: "${answer.reason}"`;
  const requested = ends.map(({ end }): Ending => OUTCOME_OF[end]);
  switch (run.outcome) {
    case "finished":
      if (!requested.includes("finished")) yield `${shown(run)} no caller requested this end`;
      break;
    case "interrupted":
      // A start that failed or was refused interrupts the lock that an earlier attempt of it may have taken.
      if (!requested.includes("interrupted") && answer.kind === "started")
        yield `${shown(run)} no caller requested this end`;
      break;
    case "taken-over": {
      const by = attempts.find(({ lockId }) => lockId === next?.id);
      if (by?.mayTakeOver !== true) yield `${shown(run)} by a start that may not take over`;
      if (answer.kind === "started" && Date.parse(run.endedAt ?? "") - answer.createdAt < RETRY_INTERVAL) {
        yield `${shown(run)} before its retryInterval had passed`;
      }
      break;
    }
    case "active":
      // A run may stay active if its caller has not ended it, or has an error of the end or an error with a possible effect.
      if (answer.kind === "error" ? answer.effect === "none" : ends.at(-1)?.answer.kind === "done") {
        yield `${shown(run)} it stays active, and its caller got ${JSON.stringify(answer)}, ${JSON.stringify(ends)}`;
      }
  }
}

/** The answers to a caller agree with the job's state. */
function* truth({ lockId, answer, ends }: Attempt, runs: readonly Run[]) {
  const run = runs.find(({ id }) => id === lockId);
  if (answer.kind === "error" && answer.effect === "possible" && !/retry-?interval/i.test(answer.message)) {
    yield `the lock ${lockId} may have been taken, and the error does not say how to free it: ${answer.message}`;
  }
  if (answer.kind !== "started") return;
  if (answer.id !== lockId) {
    yield `the answer to the start of ${lockId} has the id ${answer.id}`;
    return;
  }
  if (run === undefined) {
    yield `the lock ${lockId} was granted, and the state does not have it`;
    return;
  }
  if (
    run.intervalStartedAt !== toIso(answer.intervalStartedAt) ||
    run.intervalEndedAt !== toIso(answer.intervalEndedAt)
  ) {
    yield `${shown(run)} its answer has the interval ${toIso(answer.intervalStartedAt)} to ${toIso(answer.intervalEndedAt)}`;
  }
  for (const [at, { end, answer }] of ends.entries()) {
    const others = ends.toSpliced(at, 1).filter(({ answer }) => mayBeDone(answer));
    const wrong = wrongEnd(OUTCOME_OF[end], answer, run, new Set(others.map(({ end }) => OUTCOME_OF[end])));
    if (wrong !== null) yield `${shown(run)} and the answer to ${end} was wrong: ${wrong}`;
  }
}

const mayBeDone = (answer: EndAnswer) =>
  answer.kind === "done" || (answer.kind === "error" && answer.effect === "possible");

/** @param others The endings that other calls may have caused. */
function wrongEnd(requested: Ending, answer: EndAnswer, { outcome }: Run, others: ReadonlySet<string>): string | null {
  switch (answer.kind) {
    case "done":
      return outcome === requested ? null : "done";
    case "lost":
      return outcome === "taken-over" || (outcome !== requested && others.has(outcome)) ? null : "lost";
    case "error":
      return answer.effect === "possible" || outcome !== requested || others.has(requested) ? null : "no effect";
  }
}

/** A start without competitors gets the interval as soon as it is due, if the effect of each earlier call is known. */
function* progress(attempts: readonly Attempt[]) {
  let dueAt = Number.NEGATIVE_INFINITY;
  let isEffectOpen = false;
  for (const { lockId, isAlone, sentAt, answer, ends } of attempts) {
    if (isAlone && !isEffectOpen && answer.kind === "not started" && (answer.reason !== "not-due" || sentAt >= dueAt)) {
      yield `the start of ${lockId} was refused without a cause: "${answer.reason}"`;
    }
    if (isAlone && !isEffectOpen && answer.kind === "started" && sentAt < dueAt)
      yield `the lock ${lockId} was granted too soon`;
    if (answer.kind === "error" && answer.effect === "possible") isEffectOpen = true;
    const last = ends.at(-1);
    if (answer.kind !== "started") continue;
    if (last?.answer.kind !== "done") isEffectOpen = true;
    else if (last.end === "finish") dueAt = Math.max(dueAt, answer.intervalEndedAt + INTERVAL);
  }
}

function shown({ id, intervalStartedAt, intervalEndedAt, outcome }: Run): string {
  return `the run ${id} of ${intervalStartedAt} to ${intervalEndedAt}, ${outcome}:`;
}
