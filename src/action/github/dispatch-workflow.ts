import type { Deadline } from "../../network/deadline.ts";
import type { Environment } from "../../network/environment.ts";
import type { Surroundings } from "../toolkit.ts";
import { askGitHub, errorMessageIn, type GitHubApi, missingPermission, unexpectedAnswer } from "./github-api.ts";

/** In milliseconds. */
const LONGEST_REQUEST = 30_000;

/** Starts the workflow once more, so that a job that is behind goes on at once. A failure is a warning: the interval is done. */
export async function dispatchNextRun(token: string, surroundings: Surroundings): Promise<void> {
  const { toolkit, env } = surroundings;
  const dispatch = async (api: GitHubApi) => {
    const problem = await dispatchThisWorkflow(api, env, surroundings.deadline(LONGEST_REQUEST));
    if (problem === null) toolkit.info("Dispatched: this workflow runs once more, because of when-behind: dispatch");
    else toolkit.warning(`when-behind: dispatch started no run: ${problem}`);
  };
  await askGitHub({ env, token, log: toolkit.info }, dispatch, (problem) =>
    toolkit.warning(`It is not known whether when-behind: dispatch started a run: ${problem}`),
  );
}

/**
 * Starts the workflow of this process once more, on the same branch or tag.
 *
 * @returns null if GitHub took the request, or why there is no new run.
 * @throws ServiceError if GitHub does not answer.
 * @see https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
 */
async function dispatchThisWorkflow(
  api: Pick<GitHubApi, "post">,
  { GITHUB_REPOSITORY = "", GITHUB_REF: ref = "", GITHUB_WORKFLOW_REF = "" }: Environment,
  deadline: Deadline,
): Promise<string | null> {
  if (!/^refs\/(heads|tags)\//.test(ref)) {
    return `a workflow can be dispatched on a branch or a tag only, and this run is on ${ref || "neither"}`;
  }
  // OWNER/REPOSITORY/.github/workflows/FILE@REF
  const [, repository, file] = /^([^/]+\/[^/]+)\/\.github\/workflows\/([^/@]+)@/.exec(GITHUB_WORKFLOW_REF) ?? [];
  if (file === undefined || repository?.toLowerCase() !== GITHUB_REPOSITORY.toLowerCase()) {
    return `the runner names no workflow file of this repository (GITHUB_WORKFLOW_REF is "${GITHUB_WORKFLOW_REF}")`;
  }
  const path = `/repos/${GITHUB_REPOSITORY}/actions/workflows/${encodeURIComponent(file)}/dispatches`;
  const answer = await api.post(path, { ref }, deadline);
  switch (answer.status) {
    case 200:
    case 204:
      return null;
    case 403:
    case 404:
      return missingPermission(answer, `start ${file}`, "actions: write");
    case 422:
      return `GitHub cannot start ${file} (${errorMessageIn(answer) || 422}): add "on: workflow_dispatch" without required inputs to it`;
    default:
      return unexpectedAnswer(answer);
  }
}
