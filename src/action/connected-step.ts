import type { JobBackend } from "../backend/job-backend.ts";
import { connect } from "./connect.ts";
import type { LockKind } from "./holder.ts";
import type { Inputs } from "./inputs.ts";
import type { StepStateWriter } from "./state.ts";
import type { Surroundings } from "./toolkit.ts";

/** A step that starts a job, with all that its starts have in common. */
export interface ConnectedStep {
  readonly inputs: Inputs;
  readonly backend: JobBackend;
  readonly surroundings: Surroundings;
  /** Whether the lock is for one job of the run, or for several. */
  readonly kind: LockKind;
  readonly state: StepStateWriter;
  /** Whether the server has shown that it is this project's. */
  readonly isMarked: () => boolean;
}

/** A step before it has a backend. */
export type UnconnectedStep = Pick<ConnectedStep, "inputs" | "surroundings" | "kind" | "state">;

/** Calls `work` with a backend, and closes it. */
export async function withBackend<T>(step: UnconnectedStep, work: (step: ConnectedStep) => Promise<T>): Promise<T> {
  const { inputs, surroundings } = step;
  let isMarked = false;
  const onMark = () => {
    isMarked = true;
  };
  const backend: JobBackend = await connect(inputs.location, inputs.login, surroundings, { onMark });
  try {
    return await work({ ...step, backend, isMarked: () => isMarked });
  } finally {
    await backend.close();
  }
}
