import type { ConnectedStep } from "./connected-step.ts";
import type { Inputs } from "./inputs.ts";
import type { RefusedStart } from "./start-lock.ts";
import { addSummary, refusedRow } from "./step-summary.ts";

/** Reports a start that was refused, as the input `not-started` says. */
export async function reportRefusal(start: RefusedStart, { inputs, surroundings }: ConnectedStep): Promise<null> {
  const line = await refusalLine("Not started", start, inputs);
  await addSummary(surroundings, () => ({ rows: [refusedRow(inputs.request.jobName, start.answer)], ended: null }));
  switch (inputs.whenNotStarted) {
    case "skip":
      // A job that waits for a required job may wait forever, and nothing on the run's page would show it.
      if (start.answer.reason === "required-job") surroundings.toolkit.notice(line);
      else surroundings.toolkit.info(line);
      break;
    case "fail":
      surroundings.toolkit.setFailed(`${line}. The step fails because of not-started: fail`);
      break;
    case "cancel": {
      surroundings.toolkit.info(line);
      const { cancelAndWait } = await import(/* webpackChunkName: "github" */ "./github/cancel-run.ts");
      surroundings.toolkit.setFailed(await cancelAndWait(inputs.githubToken, surroundings));
    }
  }
  return null;
}

/** @returns a line with the reason of a refusal, and what comes next. */
export async function refusalLine(
  beginning: "Not started" | "No further interval",
  { answer, holderRun }: RefusedStart,
  { request }: Inputs,
): Promise<string> {
  const { notStartedLine } = await import(/* webpackChunkName: "refused" */ "./not-started-line.ts");
  return notStartedLine(beginning, { request, answer, holderRun });
}
