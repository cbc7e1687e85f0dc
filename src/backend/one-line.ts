import { behindCount } from "../scheduler/behind-count.ts";
import { toIso } from "../scheduler/instant.ts";
import { spanText } from "../scheduler/span.ts";
import type { Holder } from "../scheduler/state-document.ts";
import type { JobActiveError, LockLostError, Started, TakenOver } from "./job-backend.ts";

/**
 * Makes text that others wrote (a job's name, a state document) safe for a line of a log or a terminal. GitHub's runner
 * takes a line that starts with `::` for a command, and `##[` anywhere in a line too. So the text is kept on one line, and
 * `##[` and a `::` at the beginning are broken up.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function oneLine(text: string): string {
  // Node takes 0.3 ms to prepare the Unicode classes below, and most texts need none of them.
  if (/^(?!\s*::)[ !"$-~]*$/.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|#(?=#\[)|(?<=^\s*):(?=:)/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** The holder of a lock, as the holder described itself. */
export function holderLine(holder: Holder | null): string {
  const { repository, runId, attempt, job, runUrl } = holder ?? {};
  const run = [
    repository,
    runId && `run ${runId}`,
    attempt && attempt !== "1" && `attempt ${attempt}`,
    job && `job ${job}`,
  ].filter(Boolean);
  const name = run.length === 0 ? "an unnamed run" : run.join(", ");
  return oneLine((runUrl ? (run.length === 0 ? runUrl : `${name} (${runUrl})`) : name).slice(0, 500));
}

/** The holder that keeps a job from being skipped. */
export function activeHolderLine({ holder, since }: JobActiveError): string {
  return `it is held by ${holderLine(holder)}${since === null ? "" : ` since ${toIso(since)}`}`;
}

/** The error's own sentence, and what is known of the lock: how it ended, and the holder that was granted the job since. */
export function lockLossLine({ message, loss, grantedSince }: LockLostError): string {
  const known = [
    loss.ending === "taken-over" && `${holderLine(loss.holder)} took it over`,
    (loss.ending === "finished" || loss.ending === "interrupted") && `it was ${loss.ending}`,
    grantedSince !== null && `the job was granted to ${holderLine(grantedSince)} since`,
  ].filter(Boolean);
  return known.length === 0 ? message : `${message}: ${known.join(", and ")}`;
}

/** The beginning of the line about a takeover. */
export const TOOK_OVER = "Took over the lock of ";

/** @returns the lines of the log about a start: the interval first. */
export function startedLines(answer: Started): readonly string[] {
  const { jobName, intervalStartedAt, intervalEndedAt, lock, behind, skipped, takenOver } = answer;
  const job = oneLine(jobName);
  const started = lock === null ? "Started without a lock" : "Started";
  return [
    `${started}: ${job} for ${spanText({ from: intervalStartedAt, until: intervalEndedAt })}`,
    ...(takenOver === null ? [] : [`${TOOK_OVER}${takenOverLine(takenOver)}`]),
    ...(skipped === null
      ? []
      : [`catch-up: latest leaves out ${spanText(skipped)}: no run gets it once this run finishes`]),
    ...(behind === null || behind === 0 ? [] : [behindLine(job, behind)]),
  ];
}

function takenOverLine({ holder, since }: TakenOver): string {
  const held = since === null ? "" : `, held since ${toIso(since)}`;
  return `${holderLine(holder)}${held}; if that run still works, both do this interval`;
}

function behindLine(job: string, behind: number): string {
  const intervals = behind === 1 ? "interval is" : "intervals are";
  return `${job} is behind: ${behindCount(behind)} further ${intervals} due`;
}
