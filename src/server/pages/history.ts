import {
  type EndedRun,
  type Ending,
  endingOf,
  type JobState,
  type RecordedInterval,
  type SkippedSpan,
} from "../../scheduler/state-document.ts";

/** A run that ended, or a span that no run did. */
export type HistoryEntry =
  | { readonly kind: "run"; readonly run: EndedRun }
  | { readonly kind: "skipped"; readonly span: SkippedSpan };

/** The whole recorded history of a job, the oldest entry first. */
export function historyOf({ history, skipped = [] }: JobState): readonly HistoryEntry[] {
  // A run that finishes records the span that it left out at the same instant. The sort is stable, so the span comes first.
  const entries: HistoryEntry[] = [
    ...skipped.map((span) => ({ kind: "skipped", span }) as const),
    ...history.map((run) => ({ kind: "run", run }) as const),
  ].reverse();
  return entries.toSorted(
    (a, b) => recordedAt(a) - recordedAt(b) || Number(a.kind === "run") - Number(b.kind === "run"),
  );
}

function recordedAt(entry: HistoryEntry): number {
  return Date.parse(entry.kind === "run" ? entry.run.endedAt : entry.span.recordedAt);
}

/** @returns the interval of a run, or the skipped span as an interval. */
export function intervalOf(entry: HistoryEntry): RecordedInterval {
  if (entry.kind === "run") return entry.run;
  return { intervalStartedAt: entry.span.skippedStartedAt, intervalEndedAt: entry.span.skippedEndedAt };
}

const ENDING_NAMES: Readonly<Record<Ending, string>> = {
  finished: "finished",
  interrupted: "interrupted",
  "taken-over": "taken over",
};

/** An outcome that only a newer version knows is its own name. */
export function endingName(run: EndedRun): string {
  const ending = endingOf(run);
  return ending === null ? run.outcome : ENDING_NAMES[ending];
}

/** For example `Last 20 runs: 17 finished, 2 interrupted, 1 taken over; 1 skipped span; one is running`. */
export function historyInWords(entries: readonly HistoryEntry[], isRunning: boolean): string {
  const runs = entries.filter((entry) => entry.kind === "run").map(({ run }) => run);
  const counts = (Object.keys(ENDING_NAMES) as Ending[])
    .map((ending) => [runs.filter(({ outcome }) => outcome === ending).length, ENDING_NAMES[ending]] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`);
  const skipped = entries.length - runs.length;
  return [
    runs.length === 0
      ? "No run has ended yet"
      : `Last ${runs.length === 1 ? "run" : `${runs.length} runs`}: ${counts.join(", ")}`,
    ...(skipped === 0 ? [] : [`${skipped} skipped ${skipped === 1 ? "span" : "spans"}`]),
    ...(isRunning ? ["one is running"] : []),
  ].join("; ");
}

/** @returns how many of the runs finished, for example `17 of 20 runs finished (85%)`. Null without any run. */
export function successRate(history: readonly EndedRun[]): string | null {
  if (history.length === 0) return null;
  const finished = history.filter((run) => endingOf(run) === "finished").length;
  // Only all of them are 100%, and only none of them is 0%.
  const percent = Math.floor((finished / history.length) * 100);
  return `${finished} of ${history.length} ${history.length === 1 ? "run" : "runs"} finished (${percent}%)`;
}

/** @returns how long a run took, in milliseconds, or null for a run that an older version recorded. */
export function durationOf({ createdAt, endedAt }: EndedRun): number | null {
  return createdAt === undefined ? null : Math.max(0, Date.parse(endedAt) - Date.parse(createdAt));
}

/** @returns the median duration of the runs that finished, or null if none is known. */
export function typicalDuration(history: readonly EndedRun[]): number | null {
  const durations = history
    .filter((run) => endingOf(run) === "finished")
    .map(durationOf)
    .filter((duration) => duration !== null)
    .toSorted((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? null;
}
