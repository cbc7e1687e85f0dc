import type { CommandEnding } from "../../command/run-under-lock.ts";
import type { LockLoss } from "../../scheduler/lock-loss.ts";

/** How the command's run for one interval ended. */
export type RunEnding = CommandEnding | { readonly kind: "not-run"; readonly reason: unknown };

/** Loaded only here: most runs keep their lock. */
export async function lossText(jobName: string, loss: LockLoss): Promise<string> {
  const { lossLine } = await import(/* webpackChunkName: "failure" */ "../loss-line.ts");
  return lossLine(jobName, loss);
}

/** @returns why a run is interrupted: the end of a sentence that begins with "because". */
export function reasonOf(ending: RunEnding): string {
  switch (ending.kind) {
    case "exited":
      return `its command exited with ${ending.code}`;
    case "not-run":
      return "its command could not be started";
    case "cancelled":
      return "the run was cancelled";
    case "lost":
      return "its lock could not be renewed in time";
  }
}
