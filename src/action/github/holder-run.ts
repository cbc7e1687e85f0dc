import type { Deadline } from "../../network/deadline.ts";
import type { Environment } from "../../network/environment.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import { serverUrlOf } from "../holder.ts";
import type { GitHubAnswer } from "./github-api.ts";

/** The run that holds a lock, as far as GitHub's answer and the holder show it. */
export interface HolderRun {
  /** Null: it is not known, as when this token may not read the run. */
  readonly isCompleted: boolean | null;
  /** The name of the run's job as GitHub's pages show it, with the values of its matrix. Null: it is not known. */
  readonly jobName: string | null;
  /** Whether the holder is the workflow run of this process. */
  readonly isThisRun: boolean;
  /** Whether the holder is an earlier attempt of that run. */
  readonly isEarlierAttempt: boolean;
}

/** Asks GitHub for one resource. Kept small, so that a test can answer. */
type Ask = (path: string, deadline: Deadline) => Promise<GitHubAnswer>;

interface Question {
  readonly holder: Holder | null;
  readonly env: Environment;
  /** The kind of the lock that this process starts: {@link Holder.kind}. */
  readonly ownKind: string;
  readonly ask: Ask;
  readonly deadline: Deadline;
}

/**
 * Asks GitHub whether the holder of a lock has completed. Nothing but GitHub's answer counts: without permission, for a
 * holder of another server, or for one that is no workflow run, it is not known.
 *
 * @throws ServiceError if GitHub does not answer.
 */
export async function findHolderRun({ holder, env, ownKind, ask, deadline }: Question): Promise<HolderRun> {
  const serverUrl = serverUrlOf(env);
  const isHere = holder !== null && serverUrl !== undefined && holder.serverUrl === serverUrl;
  const isThisRun = isHere && holder.repository === env.GITHUB_REPOSITORY && holder.runId === env.GITHUB_RUN_ID;
  const isEarlierAttempt = isThisRun && Number(holder.attempt) < Number(env.GITHUB_RUN_ATTEMPT);
  const unknown = { isCompleted: null, jobName: null, isThisRun, isEarlierAttempt };
  if (!isHere) return unknown;
  const resource = resourceOf(holder, isEarlierAttempt && ownKind === "start");
  if (resource === null) return unknown;
  const { status, body } = await ask(resource.path, deadline);
  const found = (body ?? {}) as Readonly<Record<string, unknown>>;
  const isAboutHolder = Object.entries(resource.expected).every(([field, id]) => isSameNumber(found[field], id));
  if (status !== 200 || !isAboutHolder || typeof found.status !== "string") return unknown;
  return {
    ...unknown,
    isCompleted: found.status === "completed",
    jobName: resource.isJob && typeof found.name === "string" ? found.name : null,
  };
}

interface Resource {
  readonly path: string;
  /** The numbers that GitHub's answer must have. With other numbers it is not about the holder. */
  readonly expected: Readonly<Record<string, string>>;
  readonly isJob: boolean;
}

/** @returns what to ask for, or null for a holder that is no workflow run, or whose fields are not what GitHub gives out. */
function resourceOf({ repository, runId, attempt, checkRunId, kind }: Holder, countsAttempt: boolean): Resource | null {
  if (repository === undefined || !isRepository(repository) || !isNumber(runId)) return null;
  const actions = `/repos/${repository}/actions`;
  switch (kind) {
    case "job":
      if (isNumber(checkRunId)) {
        return { path: `${actions}/jobs/${checkRunId}`, expected: { id: checkRunId, run_id: runId }, isJob: true };
      }
      return isNumber(attempt) ? attemptOf(actions, runId, attempt) : null;
    case "start":
      // "Re-run failed jobs" goes on under the lock of the first attempt, so the latest attempt counts. Only a start of a
      // later attempt of the same run knows that its own attempt starts anew.
      if (countsAttempt) return isNumber(attempt) ? attemptOf(actions, runId, attempt) : null;
      return { path: `${actions}/runs/${runId}`, expected: { id: runId }, isJob: false };
    default:
      return null;
  }
}

function attemptOf(actions: string, runId: string, attempt: string): Resource {
  const expected = { id: runId, run_attempt: attempt };
  return { path: `${actions}/runs/${runId}/attempts/${attempt}`, expected, isJob: false };
}

/** Whether a text is `OWNER/NAME`. A part of dots would lead to another path of the API. */
function isRepository(text: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(text) && !/(^|\/)\.{1,2}(\/|$)/.test(text);
}

function isSameNumber(found: unknown, id: string): boolean {
  return (typeof found === "number" || typeof found === "string") && String(found) === id;
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,20}$/.test(text);
}
