import { setTimeout as pause } from "node:timers/promises";
import type { Deadline } from "../../network/deadline.ts";
import type { Environment } from "../../network/environment.ts";
import type { Surroundings } from "../toolkit.ts";
import { askGitHub, type GitHubApi, missingPermission, unexpectedAnswer } from "./github-api.ts";

/** In milliseconds: for GitHub's answer, and then for the runner's signal. */
const LONGEST_REQUEST = 30_000;
const LONGEST_WAIT_FOR_SIGNAL = 60_000;

/**
 * Asks GitHub to cancel the workflow run of this process, and waits for the runner's signal.
 *
 * @returns the message of the step, which fails in each case.
 */
export async function cancelAndWait(token: string, surroundings: Surroundings): Promise<string> {
  const { toolkit, env } = surroundings;
  const cancelled = surroundings.cancellation();
  const cancel = async (api: GitHubApi) => {
    const problem = await cancelThisRun(api, env, surroundings.deadline(LONGEST_REQUEST));
    if (problem !== null) return `The run was not cancelled, which not-started asks for: ${problem}`;
    toolkit.info("GitHub cancels this run, because of not-started: cancel");
    await pause(LONGEST_WAIT_FOR_SIGNAL, undefined, { signal: cancelled }).catch(() => {});
    return cancelled.aborted
      ? "The run was cancelled because of not-started: cancel"
      : "GitHub took the request to cancel this run, and the runner has sent no signal within a minute";
  };
  return askGitHub(
    { env, token, log: toolkit.info },
    cancel,
    (problem) => `It is not known whether the run is cancelled, which not-started asks for: ${problem}`,
  );
}

/**
 * Asks GitHub to cancel the workflow run of this process.
 *
 * @returns null if GitHub took the request, or why it did not.
 * @throws ServiceError if GitHub does not answer.
 * @see https://docs.github.com/en/rest/actions/workflow-runs#cancel-a-workflow-run
 */
async function cancelThisRun(
  api: Pick<GitHubApi, "post">,
  { GITHUB_REPOSITORY, GITHUB_RUN_ID }: Environment,
  deadline: Deadline,
): Promise<string | null> {
  const answer = await api.post(`/repos/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}/cancel`, {}, deadline);
  switch (answer.status) {
    case 202:
    // The run is being cancelled already.
    case 409:
      return null;
    case 403:
    case 404:
      return missingPermission(answer, "cancel this run", "actions: write");
    default:
      return unexpectedAnswer(answer);
  }
}
