import type { Claim, StartAnswer } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import { toIso } from "../scheduler/instant.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import type { ConnectedStep } from "./connected-step.ts";
import type { HolderRun } from "./github/holder-run.ts";
import type { StepState } from "./state.ts";
import { StepClaim } from "./step-claim.ts";
import type { Surroundings } from "./toolkit.ts";

export interface LockStart {
  readonly answer: StartAnswer;
  /** The step's state while the start is in flight: it names the lock that may be taken. */
  readonly takingState: StepState;
  /** What GitHub says about the run that holds the lock. Null: GitHub was not asked, or did not answer. */
  readonly holderRun: HolderRun | null;
}

export interface StartOptions {
  /** How long a refused start is repeated, in milliseconds. Null: it is not. */
  readonly wait: number | null;
  /** Its abort gives the start up. */
  readonly cancelled?: AbortSignal | null;
  /** Sets the outputs. @throws ServiceError for an answer that no server of this project gives. */
  readonly report: (start: LockStart) => void;
}

export type RefusedStart = LockStart & { readonly answer: NotStarted };

/** Asks for the next due interval. */
export async function startLock(step: ConnectedStep, { wait, report, cancelled }: StartOptions): Promise<LockStart> {
  const { inputs, surroundings } = step;
  const claim = new StepClaim(step);
  let holderRun: HolderRun | null = null;
  const attempt = async (deadline: Deadline) => {
    logForDebugging(`Start request at ${toIso(surroundings.now())}`, inputs.request, surroundings);
    const found = await startOrTakeOver(step, claim, deadline);
    logForDebugging("Answer", found.answer, surroundings);
    holderRun = found.holderRun;
    return found.answer;
  };
  try {
    let answer: StartAnswer;
    if (wait === null) answer = await attempt(surroundings.deadline(inputs.deadline, cancelled ?? undefined));
    else {
      const { repeatStart } = await import(/* webpackChunkName: "wait" */ "./repeat-start.ts");
      answer = await repeatStart(step, { wait, attempt, holderRun: () => holderRun });
    }
    if (!answer.started) claim.withdraw();
    const start = { answer, takingState: claim.takingState, holderRun };
    report(start);
    return start;
  } catch (error) {
    if (error instanceof ServiceError) claim.fail(error);
    throw error;
  }
}

/** Starts, and once more as a takeover if GitHub says that the run which holds the lock has completed. */
async function startOrTakeOver(
  step: ConnectedStep,
  claim: Claim,
  deadline: Deadline,
): Promise<Omit<LockStart, "takingState">> {
  const { backend } = step;
  const { request, githubToken } = step.inputs;
  const answer = await backend.start(request, claim, deadline);
  if (answer.started || answer.reason !== "active" || githubToken === "" || request.takeOver !== undefined) {
    return { answer, holderRun: null };
  }
  const { askForHolderRun } = await import(/* webpackChunkName: "github" */ "./github/ask-for-holder-run.ts");
  const holderRun = await askForHolderRun(answer, step);
  if (holderRun?.isCompleted !== true || answer.id === null || answer.updatedAt === null) return { answer, holderRun };
  const takeOver = { id: answer.id, updatedAt: answer.updatedAt };
  const taking: StartRequest = { ...request, takeOver };
  return { answer: await backend.start(taking, claim, deadline), holderRun: null };
}

/** With debug logging each decision is shown with its inputs. The toolkit masks secrets, and a request has none. */
function logForDebugging(title: string, value: object, { toolkit, env }: Surroundings): void {
  if (env.RUNNER_DEBUG === "1") toolkit.debug(oneLine(`${title}: ${JSON.stringify(value)}`));
}
