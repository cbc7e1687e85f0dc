import type { Holder } from "../scheduler/state-document.ts";

/**
 * Text that others wrote (a job's name, a state document), for a line of a log or a terminal. GitHub's runner takes a line
 * that starts with `::` for a command, and also `##[` anywhere in a line: so it is kept to one line, and without the latter.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function inLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|#(?=#\[)/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Who holds a lock, as they said themselves. */
export function holderLine(holder: Holder | null): string {
  const { repository, runId, attempt, job, runUrl } = holder ?? {};
  const run = [
    repository,
    runId && `run ${runId}`,
    attempt && attempt !== "1" && `attempt ${attempt}`,
    job && `job ${job}`,
  ].filter(Boolean);
  const name = run.length === 0 ? "a run that gave no name" : run.join(", ");
  return inLine((runUrl ? (run.length === 0 ? runUrl : `${name} (${runUrl})`) : name).slice(0, 500));
}
