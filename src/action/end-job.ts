import { DEFAULT_DEADLINE } from "../backend/call-limits.ts";
import type { HeldLock, JobBackend } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { canonicalUrl, type Location } from "../location/location.ts";
import { finishLock, interruptLock } from "./end-lock.ts";
import { messageOf } from "./error-message.ts";
import { ownHolder } from "./holder.ts";
import {
  type GitHubJobStatus,
  loadCatchUp,
  loadDeadline,
  loadGitHubToken,
  loadJobStatus,
  loadLocation,
} from "./inputs.ts";
import { loadLogin } from "./login.ts";
import { intervalOf, loadStepState, type StepState } from "./state.ts";
import { addSummary, endedRow, prepareSummary } from "./step-summary.ts";
import type { StepSummary } from "./summary/write-summary.ts";
import type { Surroundings } from "./toolkit.ts";

/** The post step: ends the lock that main took, and no other. */
export async function endJob(surroundings: Surroundings): Promise<null> {
  const { toolkit } = surroundings;
  const state = loadStepState(toolkit);
  if (state.lockId === "") {
    toolkit.info(
      state.handedOn
        ? "The lock stays for cronyx-action/end, in a later job of this run"
        : "This step holds no lock: nothing to end",
    );
    return null;
  }
  const status = loadJobStatus(toolkit) ?? "failure";
  try {
    await stopCommand(state, surroundings);
    toolkit.info(await endLock(state, status, surroundings));
    if (isDone(state, status)) await dispatchWhenBehind(state, status, surroundings);
  } catch (error) {
    const { reportFailure } = await loadEndFailure().catch(() => {
      throw error;
    });
    await reportFailure(error, { state, isFinished: state.started && isDone(state, status), toolkit });
  }
  return null;
}

/** Loaded only here: most post steps do not fail. */
async function loadEndFailure() {
  return import(/* webpackChunkName: "failure" */ "./end-failure.ts");
}

/** @returns a line for the log. */
async function endLock(state: StepState, status: GitHubJobStatus, surroundings: Surroundings): Promise<string> {
  // Loaded only here: most post steps hold no lock.
  const { connect } = await import(/* webpackMode: "eager" */ "./connect.ts");
  const location = unchangedLocation(state, surroundings);
  const backend = await connect(location, loadLogin(surroundings.toolkit, location), surroundings, {
    isMarked: state.isMarked,
  });
  const ending = { state, status, surroundings };
  if (state.started) prepareSummary(surroundings);
  try {
    const line = await endOn(backend, ending);
    if (state.started) await addSummary(surroundings, () => summaryOf(backend, ending));
    return line;
  } finally {
    await backend.close();
  }
}

/** A command outlives a main step that was killed. It must not go on without the lock. */
async function stopCommand({ command, commandPid, lockId }: StepState, { platform }: Surroundings): Promise<void> {
  if (command !== "running") return;
  const { endProcessTree, processesWith } = await import(/* webpackChunkName: "run" */ "../command/process-tree.ts");
  // Main may have been killed right after it started the command, before it saved the process.
  const pids = /^[1-9]\d{0,9}$/.test(commandPid)
    ? [Number(commandPid)]
    : await processesWith(`CRONYX_JOB_ID=${lockId}`);
  await Promise.all(pids.map((pid) => endProcessTree(pid, platform)));
}

async function dispatchWhenBehind(
  { started, behind }: StepState,
  status: GitHubJobStatus,
  surroundings: Surroundings,
): Promise<void> {
  const { toolkit } = surroundings;
  // A person who cancels a run does not want it to go on in another one.
  const mayDispatch = status !== "cancelled" && started && Number(behind) > 0;
  if (!mayDispatch || toolkit.getInput("when-behind") !== "dispatch") return;
  const { dispatchNextRun } = await import(/* webpackChunkName: "github" */ "./github/dispatch-workflow.ts");
  await dispatchNextRun(loadGitHubToken(toolkit), surroundings);
}

/**
 * The runner evaluates the inputs again for post, and only they say where to send a token.
 *
 * @throws ArgumentError if they lead to another place than the one where main took the lock.
 */
function unchangedLocation({ location: before }: StepState, { toolkit, env }: Surroundings): Location {
  const location = loadLocation(toolkit, env);
  const now = canonicalUrl(location);
  if (now === before) return location;
  throw new ArgumentError("location-changed", {
    field: "url",
    value: now,
    problem: `is not where this step took its lock, ${before === "" ? "which its state does not name" : shownValue(before)}, so nothing was sent`,
  });
}

/** The end of this step's lock, with all that it needs. */
interface PostEnd {
  readonly state: StepState;
  readonly status: GitHubJobStatus;
  readonly surroundings: Surroundings;
}

/** @returns a line for the log. */
async function endOn(backend: JobBackend, { state, status, surroundings }: PostEnd): Promise<string> {
  const deadline = surroundings.deadline(await deadlineOf(surroundings));
  const lock: HeldLock = { jobName: state.jobName, id: state.lockId, record: state.record };
  if (!state.started) {
    // Main did not get as far as its outputs, so no step has worked on the interval.
    const job = oneLine(state.jobName);
    const held = await backend.abandon(lock, deadline);
    return held ? `Interrupted: ${job}, before its start was reported` : `Abandoned: ${job}, whose lock was not taken`;
  }
  const interval = intervalOf(state);
  if (isDone(state, status)) return finishLock(backend, { lock, interval, deadline });
  return interruptLock(backend, {
    lock,
    interval,
    because: reasonOf(state, status),
    catchUp: loadCatchUp(surroundings.toolkit),
    deadline,
  });
}

function summaryOf(backend: JobBackend, { state, status, surroundings }: PostEnd): StepSummary {
  const { jobName, lockId: id, record, isMarked, behind } = state;
  const isFinished = isDone(state, status);
  const row = endedRow({
    jobName,
    interval: intervalOf(state),
    isFinished,
    holder: ownHolder(surroundings.env, { kind: "job", checkRunId: "" }),
    behind: behind === "" ? null : Number(behind),
  });
  const before = record?.state ?? null;
  const ending = isFinished ? "finished" : "interrupted";
  // An original server shows no state.
  const isShown = before !== null || isMarked;
  return { rows: [row], ended: isShown ? { jobName, id, before, ending, backend } : null };
}

/** A command of the input `run` decides alone: main did not get as far as ending its interval. */
function isDone({ command }: StepState, status: GitHubJobStatus): boolean {
  return command === "" ? status === "success" : command === "succeeded";
}

/** @returns why the run is interrupted: the end of a sentence that begins with "because". */
function reasonOf({ command }: StepState, status: GitHubJobStatus): string {
  switch (command) {
    case "running":
      return "the step ended before its command did";
    case "failed":
      return "its command failed";
    default:
      return `the job's status is ${status}`;
  }
}

/** Main refused a wrong deadline. If the input changed since then, the lock must still be ended. */
async function deadlineOf({ toolkit }: Surroundings): Promise<number> {
  try {
    return loadDeadline(toolkit, "end");
  } catch (error) {
    toolkit.warning(await messageOf(error));
    return DEFAULT_DEADLINE.end;
  }
}
