import { randomUUID } from "node:crypto";
import { deadlineIn } from "../network/deadline.ts";
import { messageOf } from "./error-message.ts";
import type { Surroundings, Toolkit } from "./toolkit.ts";

/**
 * Runs one step of the action as the whole work of a process: an entry point calls this function and does nothing else.
 * The process fails if the step reports a failure, throws an error, or never settles.
 *
 * @param step Returns the exit code, or null where its success or failure decides that.
 */
export async function runStep(
  step: (surroundings: Surroundings) => Promise<number | null>,
  toolkit: Toolkit,
  process: NodeJS.Process,
): Promise<void> {
  let done = false;
  // Node exits with 0 when a process runs out of work, even if a promise that CommonJS waits for is still pending.
  process.once("exit", () => {
    if (!done) process.exitCode = 1;
  });
  try {
    const exitCode = await step({
      toolkit,
      env: process.env,
      now: Date.now,
      newId: () => randomUUID(),
      deadline: deadlineIn,
      platform: process.platform,
      cancellation: () => cancellationOf(process),
    });
    if (exitCode !== null) process.exitCode = exitCode;
  } catch (error) {
    if (error instanceof Error && error.stack !== undefined) toolkit.debug(error.stack);
    toolkit.setFailed(await messageOf(error));
  }
  done = true;
  // An open handle, such as the socket of a request that the step gave up, must not keep the process alive. The write
  // makes the exit wait until the log is out.
  process.stdout.write("", () => process.exit());
}

/** The runner sends SIGINT when the run is cancelled, and SIGTERM 7.5 s later. */
function cancellationOf(process: NodeJS.Process): AbortSignal {
  const cancelled = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => cancelled.abort());
  return cancelled.signal;
}
