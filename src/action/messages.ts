import type { Started } from "../backend/job-backend.ts";
import { startedLines, TOOK_OVER } from "../backend/one-line.ts";
import type { Toolkit } from "./toolkit.ts";

/** Logs a start: the interval first. A takeover is a warning, which the run's page shows. */
export function logStarted(answer: Started, { info, warning }: Pick<Toolkit, "info" | "warning">): void {
  const [first = "", ...others] = startedLines(answer);
  info(first);
  for (const line of others) (line.startsWith(TOOK_OVER) ? warning : info)(line);
}

/** How to free a lock that is still active: the end of a sentence. */
export function freeByHand(): string {
  return "run the job once with retry-interval: 0, which takes the lock over (docs/locks.md has other ways)";
}
