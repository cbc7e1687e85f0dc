import type { Deadline } from "../../network/deadline.ts";
import type { Environment } from "../../network/environment.ts";
import type { Surroundings } from "../toolkit.ts";
import { askGitHub, type GitHubApi, missingPermission, unexpectedAnswer } from "./github-api.ts";

/** In milliseconds. */
const LONGEST_LISTING = 30_000;
const PAGE_SIZE = 100;

/** The paths of the workflows that GitHub has disabled, or why they are not known. */
export type DisabledWorkflows =
  | { readonly paths: readonly string[] }
  | { readonly paths: null; readonly because: string };

/**
 * Asks which workflows of this repository GitHub has disabled for inactivity. Nothing in a run shows it: their schedules just
 * start no more runs.
 *
 * @see https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows
 */
export async function disabledWorkflows(
  token: string,
  { env, toolkit, deadline }: Pick<Surroundings, "env" | "toolkit" | "deadline">,
): Promise<DisabledWorkflows> {
  if (token === "") return { paths: null, because: "the input github-token is empty" };
  return askGitHub<DisabledWorkflows>(
    { env, token, log: toolkit.debug },
    (api) => listDisabled(api, env, deadline(LONGEST_LISTING)),
    (because) => ({ paths: null, because }),
  );
}

/** @see https://docs.github.com/en/rest/actions/workflows#list-repository-workflows */
async function listDisabled(
  api: Pick<GitHubApi, "get">,
  { GITHUB_REPOSITORY: repository }: Environment,
  deadline: Deadline,
): Promise<DisabledWorkflows> {
  const paths: string[] = [];
  for (let page = 1; ; page++) {
    const path = `/repos/${repository}/actions/workflows?per_page=${PAGE_SIZE}&page=${page}`;
    const answer = await api.get(path, deadline);
    if (answer.status === 403 || answer.status === 404) {
      return { paths: null, because: missingPermission(answer, "list the workflows", "actions: read") };
    }
    const { workflows } = (answer.body ?? {}) as { workflows?: unknown };
    if (answer.status !== 200 || !Array.isArray(workflows)) {
      return { paths: null, because: unexpectedAnswer(answer) };
    }
    for (const workflow of workflows as { state?: unknown; path?: unknown }[]) {
      if (workflow?.state === "disabled_inactivity" && typeof workflow.path === "string") paths.push(workflow.path);
    }
    if (workflows.length < PAGE_SIZE) return { paths };
  }
}
