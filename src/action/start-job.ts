import type { Claim, JobBackend, StartAnswer } from "../backend/job-backend.ts";
import { lockIdOf } from "../backend/lock-id.ts";
import { ServiceError } from "../errors/service-error.ts";
import { canonicalUrl } from "../location/location.ts";
import { unencryptedWarning } from "../location/unencrypted-warning.ts";
import type { Deadline } from "../network/deadline.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { isCompositeUnderAct } from "./act-runner.ts";
import { connect } from "./connect.ts";
import { holderOf } from "./holder.ts";
import { loadInputs } from "./inputs.ts";
import { freeByHand, messageOf, notStartedLine, startedLines } from "./messages.ts";
import { setOutputs } from "./outputs.ts";
import { NO_STATE, type StepState, saveStepState } from "./state.ts";
import type { Environment, Surroundings } from "./toolkit.ts";

/** The main step: asks for the next due interval, and reports the answer in outputs, state and log. */
export async function startJob(surroundings: Surroundings): Promise<void> {
  const { toolkit, env, newId } = surroundings;
  saveStepState(toolkit, NO_STATE);
  try {
    const { location, login, deadline, request } = loadInputs(toolkit, env);
    const warning = unencryptedWarning(location);
    if (warning !== null) toolkit.warning(warning);
    if (isUnusual(request, env)) {
      const { logRemarks } = await import("./remarks.ts");
      await logRemarks(toolkit, { request, location, env, now: surroundings.now() });
    }
    let isMarked = false;
    const onMark = () => {
      isMarked = true;
    };
    const backend = await connect(location, login, surroundings, { onMark });
    const idempotencyKey = newId();
    const takingState: StepState = {
      ...NO_STATE,
      location: canonicalUrl(location),
      jobName: request.jobName,
      lockId: lockIdOf(idempotencyKey),
      willBeTakenOver: request.retryInterval !== undefined,
    };
    try {
      const answer = await startOn(backend, {
        request,
        idempotencyKey,
        takingState,
        deadline: surroundings.deadline(deadline),
        surroundings,
      });
      setOutputs(toolkit, { jobName: request.jobName, place: takingState.location, answer });
      // After the outputs: if this process dies in between, post interrupts the lock. In the other order, post could finish
      // an interval that no step has seen.
      if (answer.started && answer.lock) {
        const { id: lockId, record } = answer.lock;
        saveStepState(toolkit, { ...takingState, started: true, isMarked, lockId, record });
      }
      for (const line of answer.started ? startedLines(answer) : [notStartedLine(request, answer)]) toolkit.info(line);
    } catch (error) {
      if (isMarked && error instanceof ServiceError && error.effect === "possible") {
        saveStepState(toolkit, { ...takingState, isMarked });
      }
      throw error;
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (error instanceof Error && error.cause !== undefined) toolkit.debug(`Cause: ${await messageOf(error.cause)}`);
    const message = await messageOf(error);
    toolkit.setFailed(
      error instanceof ServiceError && error.effect === "possible"
        ? `${message}. The lock may have been taken, and the post step tries to release it: if that fails too, ${freeByHand()}`
        : message,
    );
  }
}

/** Whether there may be something to remark. Most starts load nothing for it. */
function isUnusual({ jobName, requiredJobNames = [], jobInterval }: StartRequest, env: Environment): boolean {
  return (
    [jobName, ...requiredJobNames].some((name) => !/^[ -~]*$/.test(name)) ||
    isCompositeUnderAct(env) ||
    (typeof jobInterval === "string" && jobInterval.trim().split(/\s+/).length === 6)
  );
}

interface Start {
  readonly request: StartRequest;
  readonly idempotencyKey: string;
  /** The step's state while the start may have taken the lock. */
  readonly takingState: StepState;
  readonly deadline: Deadline;
  readonly surroundings: Surroundings;
}

/** Starts. At each instant the step's state names the lock that post may find, and none where there can be none. */
async function startOn(
  backend: JobBackend,
  { request, idempotencyKey, takingState, deadline, surroundings }: Start,
): Promise<StartAnswer> {
  const { toolkit, env } = surroundings;
  let isSaved = false;
  const saveLockId = (mayBeTaken: boolean) => {
    if (isSaved !== mayBeTaken) saveStepState(toolkit, mayBeTaken ? takingState : { ...takingState, lockId: "" });
    isSaved = mayBeTaken;
  };
  const claim: Claim = {
    idempotencyKey,
    lockId: takingState.lockId,
    holder: holderOf(env, toolkit.getInput("check-run-id")),
    beforeTaking: () => saveLockId(true),
  };
  try {
    const answer = await backend.start(request, claim, deadline);
    if (!answer.started) saveLockId(false);
    return answer;
  } catch (error) {
    if (error instanceof ServiceError && error.effect === "none") saveLockId(false);
    throw error;
  }
}
