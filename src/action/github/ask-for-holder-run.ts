import { type Deadline, deadlineIn } from "../../network/deadline.ts";
import type { Active } from "../../scheduler/not-started.ts";
import type { ConnectedStep } from "../connected-step.ts";
import { askGitHub } from "./github-api.ts";
import { findHolderRun, type HolderRun } from "./holder-run.ts";

/** In milliseconds. A refusal is not worth a longer wait. */
const LONGEST_QUESTION = 5000;

/** Asks GitHub about the run that holds the lock. @returns null if GitHub does not answer: the refusal then stands. */
export async function askForHolderRun(
  { holder }: Active,
  { inputs: { githubToken: token }, surroundings: { env, toolkit }, kind }: ConnectedStep,
): Promise<HolderRun | null> {
  return askGitHub<HolderRun | null>(
    { env, token, log: toolkit.debug },
    (api) => {
      const ask = (path: string, deadline: Deadline) => api.get(path, deadline);
      return findHolderRun({ holder, env, ownKind: kind, ask, deadline: deadlineIn(LONGEST_QUESTION) });
    },
    (problem) => {
      toolkit.debug(problem);
      return null;
    },
  );
}
