import { MAX_BEHIND } from "../scheduler/decide.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import type { Started, TakenOver } from "./job-backend.ts";
import { holderLine, oneLine } from "./one-line.ts";

/** What the log says about a start: the interval first. */
export function startedLines(answer: Started): readonly string[] {
  const { jobName, intervalStartedAt, intervalEndedAt, lock, behind, skipped, takenOver } = answer;
  const job = oneLine(jobName);
  const started = lock === null ? "Started without a lock" : "Started";
  return [
    `${started}: ${job} for ${span({ from: intervalStartedAt, until: intervalEndedAt })}`,
    ...(takenOver === null ? [] : [`Took over the lock of ${takenOverLine(takenOver)}`]),
    ...(skipped === null
      ? []
      : [`catch-up: latest leaves out ${span(skipped)}: no run gets it once this run finishes`]),
    ...(behind === null || behind === 0 ? [] : [behindLine(job, behind)]),
  ];
}

function span({ from, until }: { readonly from: Instant; readonly until: Instant }): string {
  return `${toIso(from)} to ${toIso(until)}`;
}

function takenOverLine({ holder, since }: TakenOver): string {
  return `${holderLine(holder)}${since === null ? "" : `, held since ${toIso(since)}`}`;
}

function behindLine(job: string, behind: number): string {
  const [count, are] = behind === 1 ? ["1 further interval", "is"] : [`${behind} further intervals`, "are"];
  // The rules count up to this number.
  const least = behind < MAX_BEHIND ? "" : "at least ";
  return `${job} is behind: ${least}${count} ${are} due`;
}
