import type { Claim, JobBackend, StartAnswer } from "../backend/job-backend.ts";
import { unprotectedLine } from "../backend/server-url.ts";
import { toIso } from "../scheduler/instant.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { StoreError } from "../store/job-store.ts";
import { connect } from "./connect.ts";
import { holderOf } from "./holder.ts";
import { loadInputs } from "./inputs.ts";
import { freeByHand, messageOf, notStartedLine, startedLine } from "./messages.ts";
import { NO_STATE, type StepState, saveStepState } from "./state.ts";
import type { Surroundings, Toolkit } from "./toolkit.ts";

/** The main step: asks for the next due interval, and tells the following steps and the post step what came of it. */
export async function startJob(surroundings: Surroundings): Promise<void> {
  const { toolkit, env, newId } = surroundings;
  saveStepState(toolkit, NO_STATE);
  try {
    const { url, login, request } = loadInputs(toolkit, env);
    const unprotected = unprotectedLine(url);
    if (unprotected !== null) toolkit.warning(unprotected);
    const backend = await connect(url, login, surroundings);
    const taking: StepState = {
      ...NO_STATE,
      url,
      jobName: request.jobName,
      lockId: newId(),
      willBeTakenOver: request.retryInterval !== undefined,
    };
    try {
      const answer = await startWith(backend, request, taking, surroundings);
      setOutputs(toolkit, request.jobName, answer);
      // After the outputs: a run that dies in between is interrupted, and its interval comes again. Told the other way
      // round, post could finish an interval that no step was told of.
      if (answer.started && answer.lock) {
        const { id: lockId, record } = answer.lock;
        saveStepState(toolkit, { ...taking, started: true, lockId, record });
      }
      toolkit.info(answer.started ? startedLine(answer) : notStartedLine(request.jobName, answer));
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (error instanceof Error && error.cause !== undefined) toolkit.debug(`Cause: ${messageOf(error.cause)}`);
    toolkit.setFailed(
      error instanceof StoreError && error.unsettled
        ? `${messageOf(error)}. The lock may have been taken all the same: the post step releases it, and if it can't, ${freeByHand()}`
        : messageOf(error),
    );
  }
}

/** Starts, with the state file saying at each instant which lock post may find: none but while it may be there. */
async function startWith(
  backend: JobBackend,
  request: StartRequest,
  taking: StepState,
  { toolkit, env, deadline }: Surroundings,
): Promise<StartAnswer> {
  let said = false;
  const say = (may: boolean) => {
    if (said !== may) saveStepState(toolkit, may ? taking : { ...taking, lockId: "" });
    said = may;
  };
  const claim: Claim = {
    lockId: taking.lockId,
    holder: holderOf(env),
    idempotencyKey: null,
    beforeTaking: () => say(true),
  };
  try {
    const answer = await backend.start(request, claim, deadline());
    if (!answer.started) say(false);
    return answer;
  } catch (error) {
    if (error instanceof StoreError && !error.unsettled) say(false);
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
  };
  if (answer.started) {
    outputs["job-id"] = answer.lock?.id ?? "";
    outputs["job-interval"] = String(answer.intervalEndedAt - answer.intervalStartedAt);
    outputs["job-interval-started-at"] = toIso(answer.intervalStartedAt);
    outputs["job-interval-ended-at"] = toIso(answer.intervalEndedAt);
    outputs["job-created-at"] = toIso(answer.createdAt);
    outputs["job-updated-at"] = toIso(answer.updatedAt);
  } else {
    const dueAt = answer.reason === "active" ? answer.retryAt : answer.reason === "not-due" ? answer.dueAt : null;
    if (dueAt !== null) outputs["due-at"] = toIso(dueAt);
  }
  for (const [name, value] of Object.entries(outputs)) toolkit.setOutput(name, value);
}
