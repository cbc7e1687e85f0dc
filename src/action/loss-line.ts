import { holderLine, oneLine } from "../backend/one-line.ts";
import { toIso } from "../scheduler/instant.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";

/** @returns a line of the log about a lock that another caller ended. */
export function lossLine(jobName: string, loss: LockLoss): string {
  const job = oneLine(jobName);
  const doubled = "so other runs may have done the same interval too";
  switch (loss.ending) {
    case "taken-over":
      return `The lock of ${job} was taken over at ${toIso(loss.at)} by ${holderLine(loss.holder)} before this run ended, so both did the same interval: set retry-interval to more than the longest run takes`;
    case "finished":
    case "interrupted":
      return `The run of ${job} was ${loss.ending} at ${toIso(loss.at)} by another caller, and not by this step, ${doubled}`;
    case "unknown":
      return `The lock of ${job} is gone without a trace, and this step did not end it: a push with --mirror or --prune into the repository of the locks, or a database that was restored from a backup, can remove locks and bring old ones back (docs/locks.md), ${doubled}`;
  }
}
