import { type UnconnectedStep, withBackend } from "../connected-step.ts";
import type { CommandInputs } from "../inputs.ts";
import { refusalLine, reportRefusal } from "../report-refusal.ts";
import { commandOf } from "./command-of-inputs.ts";
import { runIntervals } from "./run-intervals.ts";

/** Runs the command of the input `run` under locks. @returns the exit code, or null after a first start that was refused. */
export async function startWithCommand(step: UnconnectedStep, commandInputs: CommandInputs): Promise<number | null> {
  const { inputs, surroundings } = step;
  // Before the first request: if the shell or the folder is missing, no lock may be taken.
  const command = await commandOf(commandInputs, surroundings);
  return withBackend(step, async (connected) => {
    const { finished, refused, behind, exitCode, isCancelled } = await runIntervals({
      step: connected,
      command,
      most: commandInputs.maxIntervals,
    });
    if (refused !== null && finished === 0) return reportRefusal(refused, connected);
    if (refused !== null) surroundings.toolkit.info(await refusalLine("No further interval", refused, inputs));
    // A person who cancels a run does not want it to go on in another one. Without a lock the next run would get the same interval.
    const mayDispatch = exitCode === 0 && !isCancelled && !inputs.request.noLock;
    if (mayDispatch && inputs.whenBehind === "dispatch" && (behind ?? 0) > 0) {
      const { dispatchNextRun } = await import(/* webpackChunkName: "github" */ "../github/dispatch-workflow.ts");
      await dispatchNextRun(inputs.githubToken, surroundings);
    }
    return exitCode;
  });
}
