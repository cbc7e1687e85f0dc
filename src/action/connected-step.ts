import type { JobBackend } from "../backend/job-backend.ts";
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
