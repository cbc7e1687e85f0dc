import type { Claim } from "../backend/job-backend.ts";
import { lockIdOf } from "../backend/lock-id.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { canonicalUrl } from "../location/location.ts";
import type { Holder } from "../scheduler/state-document.ts";
import type { ConnectedStep } from "./connected-step.ts";
import { ownHolder } from "./holder.ts";
import { NO_STATE, type StepState } from "./state.ts";

interface Ids {
  readonly idempotencyKey: string;
  readonly lockId: string;
}

/**
 * The claim of one start. It keeps the step's state correct at each instant: the state names the lock that post may find, or
 * no lock if there can be none.
 */
export class StepClaim implements Claim {
  readonly holder: Holder;
  readonly #step: ConnectedStep;
  #ids: Ids | null = null;
  #isSaved = false;

  constructor(step: ConnectedStep) {
    const { surroundings, kind } = step;
    this.#step = step;
    this.holder = ownHolder(surroundings.env, { kind, checkRunId: surroundings.toolkit.getInput("check-run-id") });
    // Node loads its crypto for the ids. A start over git needs them only after its first answer.
    setImmediate(() => this.#madeIds());
  }

  get idempotencyKey(): string {
    return this.#madeIds().idempotencyKey;
  }

  get lockId(): string {
    return this.#madeIds().lockId;
  }

  /** The step's state while the start is in flight: it names the lock that may be taken. */
  get takingState(): StepState {
    const { location, request } = this.#step.inputs;
    return {
      ...NO_STATE,
      location: canonicalUrl(location),
      jobName: request.jobName,
      lockId: this.lockId,
      willBeTakenOver: request.retryInterval !== undefined,
    };
  }

  readonly beforeTaking = (): void => {
    if (!this.#isSaved) this.#step.state.save(this.takingState);
    this.#isSaved = true;
  };

  /** The start has taken no lock. */
  withdraw(): void {
    if (this.#isSaved) this.#step.state.save({ ...this.takingState, lockId: "" });
    this.#isSaved = false;
  }

  /** The start has failed, so its lock may have been taken. */
  fail({ effect }: ServiceError): void {
    if (effect === "none") this.withdraw();
    else if (this.#step.isMarked()) this.#step.state.save({ ...this.takingState, isMarked: true });
  }

  #madeIds(): Ids {
    if (this.#ids !== null) return this.#ids;
    const idempotencyKey = this.#step.surroundings.newId();
    this.#ids = { idempotencyKey, lockId: lockIdOf(idempotencyKey) };
    return this.#ids;
  }
}
