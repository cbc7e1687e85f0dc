import type { StartAnswer } from "../backend/job-backend.ts";
import { lastStartFailedLine, pauses, startWaiting } from "../backend/waiting-start.ts";
import type { Deadline } from "../network/deadline.ts";
import type { ConnectedStep } from "./connected-step.ts";
import type { HolderRun } from "./github/holder-run.ts";
import { notStartedLine } from "./not-started-line.ts";

interface RepeatedStart {
  /** In milliseconds. */
  readonly wait: number;
  readonly attempt: (deadline: Deadline) => Promise<StartAnswer>;
  /** The run that holds the lock, as GitHub described it at the last attempt. Null: it is not known. */
  readonly holderRun: () => HolderRun | null;
}

/** Starts, and repeats a refused start until the wait is over. */
export function repeatStart(
  { inputs, surroundings }: ConnectedStep,
  { wait, attempt, holderRun }: RepeatedStart,
): Promise<StartAnswer> {
  const { toolkit, now } = surroundings;
  return startWaiting({
    first: () => attempt(surroundings.deadline(inputs.deadline)),
    again: attempt,
    until: surroundings.deadline(wait),
    onChange: (refusal) =>
      toolkit.info(notStartedLine("Waiting", { request: inputs.request, answer: refusal, holderRun: holderRun() })),
    onFailure: (failure) => toolkit.warning(lastStartFailedLine(failure)),
    now,
    ...pauses,
  });
}
