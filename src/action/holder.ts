import type { Environment } from "../network/environment.ts";
import type { Holder } from "../scheduler/state-document.ts";

/** `job`: a lock for one job of a run. `start`: one for several jobs, which the run as a whole holds. */
export type LockKind = "job" | "start";

/** @returns the address of the run's GitHub server, without a slash at its end. */
export function serverUrlOf({ GITHUB_SERVER_URL }: Environment): string | undefined {
  return GITHUB_SERVER_URL?.replace(/\/+$/, "");
}

/**
 * Describes this run, as the holder that others see while its lock is active.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables#default-environment-variables
 */
export function ownHolder(
  env: Environment,
  { kind, checkRunId }: { readonly kind: LockKind; readonly checkRunId: string },
): Holder {
  const serverUrl = serverUrlOf(env);
  const { GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: runId, GITHUB_RUN_ATTEMPT: attempt, GITHUB_JOB: job } = env;
  const runUrl =
    serverUrl && repository && runId
      ? `${serverUrl}/${repository}/actions/runs/${runId}${attempt ? `/attempts/${attempt}` : ""}`
      : undefined;
  return {
    ...(serverUrl && { serverUrl }),
    ...(repository && { repository }),
    ...(runId && { runId }),
    ...(attempt && { attempt }),
    ...(job && { job }),
    ...(checkRunId && { checkRunId }),
    ...(runUrl && { runUrl }),
    kind,
  };
}
