import type { Claim, JobBackend, StartAnswer } from "../backend/job-backend.ts";
import { lockIdOf } from "../backend/lock-id.ts";
import { holderLine } from "../backend/one-line.ts";
import { ServiceError } from "../errors/service-error.ts";
import { unencryptedWarning } from "../location/unencrypted-warning.ts";
import { toIso } from "../scheduler/instant.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { connect } from "./connect.ts";
import { holderOf } from "./holder.ts";
import { loadInputs } from "./inputs.ts";
import { freeByHand, messageOf, notStartedLine, startedLines } from "./messages.ts";
import { NO_STATE, type StepState, saveStepState } from "./state.ts";
import type { Surroundings, Toolkit } from "./toolkit.ts";

/** The main step: asks for the next due interval, and reports the answer in outputs, state and log. */
export async function startJob(surroundings: Surroundings): Promise<void> {
  const { toolkit, env, newId } = surroundings;
  saveStepState(toolkit, NO_STATE);
  try {
    const { url, location, login, request } = loadInputs(toolkit, env);
    const warning = unencryptedWarning(location);
    if (warning !== null) toolkit.warning(warning);
    const backend = await connect(location, login, surroundings);
    const idempotencyKey = newId();
    const taking: StepState = {
      ...NO_STATE,
      url,
      jobName: request.jobName,
      lockId: lockIdOf(idempotencyKey),
      willBeTakenOver: request.retryInterval !== undefined,
    };
    try {
      const answer = await startOn(backend, { request, idempotencyKey, taking, surroundings });
      setOutputs(toolkit, request.jobName, answer);
      // After the outputs: if this process dies in between, post interrupts the lock. In the other order, post could finish
      // an interval that no step has seen.
      if (answer.started && answer.lock) {
        const { id: lockId, record } = answer.lock;
        saveStepState(toolkit, { ...taking, started: true, lockId, record });
      }
      for (const line of answer.started ? startedLines(answer) : [notStartedLine(request, answer)]) toolkit.info(line);
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (error instanceof Error && error.cause !== undefined) toolkit.debug(`Cause: ${messageOf(error.cause)}`);
    toolkit.setFailed(
      error instanceof ServiceError && error.effect === "possible"
        ? `${messageOf(error)}. The lock may have been taken, and the post step tries to release it: if that fails too, ${freeByHand()}`
        : messageOf(error),
    );
  }
}

interface Start {
  readonly request: StartRequest;
  readonly idempotencyKey: string;
  /** The step's state while the lock may be there. */
  readonly taking: StepState;
  readonly surroundings: Surroundings;
}

/** Starts. At each instant the step's state names the lock that post may find, and none where there can be none. */
async function startOn(
  backend: JobBackend,
  { request, idempotencyKey, taking, surroundings }: Start,
): Promise<StartAnswer> {
  const { toolkit, env, deadline } = surroundings;
  let isSaved = false;
  const saveLockId = (mayBeTaken: boolean) => {
    if (isSaved !== mayBeTaken) saveStepState(toolkit, mayBeTaken ? taking : { ...taking, lockId: "" });
    isSaved = mayBeTaken;
  };
  const claim: Claim = {
    idempotencyKey,
    lockId: taking.lockId,
    holder: holderOf(env),
    beforeTaking: () => saveLockId(true),
  };
  try {
    const answer = await backend.start(request, claim, deadline());
    if (!answer.started) saveLockId(false);
    return answer;
  } catch (error) {
    if (error instanceof ServiceError && error.effect === "none") saveLockId(false);
    throw error;
  }
}

function setOutputs(toolkit: Toolkit, jobName: string, answer: StartAnswer): void {
  const outputs: Record<string, string> = {
    started: String(answer.started),
    reason: answer.started ? "" : answer.reason,
    "job-id": "",
    "job-name": jobName,
    "job-interval": "",
    "job-interval-started-at": "",
    "job-interval-ended-at": "",
    "job-created-at": "",
    "job-updated-at": "",
    "due-at": "",
    behind: "",
    "skipped-started-at": "",
    "skipped-ended-at": "",
    "taken-over-from": "",
  };
  if (answer.started) {
    outputs["job-id"] = answer.lock?.id ?? "";
    outputs["job-interval"] = String(answer.intervalEndedAt - answer.intervalStartedAt);
    outputs["job-interval-started-at"] = toIso(answer.intervalStartedAt);
    outputs["job-interval-ended-at"] = toIso(answer.intervalEndedAt);
    outputs["job-created-at"] = toIso(answer.createdAt);
    outputs["job-updated-at"] = toIso(answer.updatedAt);
    outputs.behind = String(answer.behind ?? "");
    if (answer.skipped !== null) {
      outputs["skipped-started-at"] = toIso(answer.skipped.from);
      outputs["skipped-ended-at"] = toIso(answer.skipped.until);
    }
    if (answer.takenOver !== null) outputs["taken-over-from"] = holderLine(answer.takenOver.holder);
  } else {
    const dueAt = answer.reason === "active" ? answer.retryAt : answer.reason === "not-due" ? answer.dueAt : null;
    if (dueAt !== null) outputs["due-at"] = toIso(dueAt);
  }
  for (const [name, value] of Object.entries(outputs)) toolkit.setOutput(name, value);
}
