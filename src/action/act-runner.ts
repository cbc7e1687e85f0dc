import type { Environment } from "../network/environment.ts";

/** Whether this is a step of a composite action on a runner that descends from act: act itself, Gitea's or Forgejo's. */
export function isCompositeUnderAct({ ACT, GITEA_ACTIONS, FORGEJO_ACTIONS, GITHUB_ACTION_PATH }: Environment): boolean {
  return Boolean(GITHUB_ACTION_PATH) && [ACT, GITEA_ACTIONS, FORGEJO_ACTIONS].includes("true");
}
