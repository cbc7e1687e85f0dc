import { randomUUID } from "node:crypto";
import { endHandedLock } from "../../src/action/end-handed-lock.ts";
import { endJob } from "../../src/action/end-job.ts";
import { startForOtherJobs } from "../../src/action/start-for-other-jobs.ts";
import { startJob } from "../../src/action/start-job.ts";
import type { Surroundings } from "../../src/action/toolkit.ts";
import type { InputTexts } from "./inputs.ts";
import { surroundingsOf, toolkitWith } from "./recording-toolkit.ts";
import type { StepResult } from "./runner.mjs";

/** The work of each entry point that a step may have as its main. */
const MAINS = { main: startJob, start: startForOtherJobs, end: endHandedLock };

/**
 * A step in the test's own process, for the cases of a rule that other tests show with a process too. A process costs ten
 * times as much.
 */
export class StepHere {
  /** The state that main saved for post. */
  state: Record<string, string> = {};
  inputs: InputTexts;
  readonly #env: Readonly<Record<string, string>>;

  constructor(inputs: InputTexts, env: Readonly<Record<string, string>>) {
    this.inputs = inputs;
    this.#env = env;
  }

  main(entryPoint: keyof typeof MAINS = "main"): Promise<StepResult> {
    this.state = {};
    return this.#run(MAINS[entryPoint], "success");
  }

  post(jobStatus: string): Promise<StepResult> {
    return this.#run(endJob, jobStatus);
  }

  async #run(step: (surroundings: Surroundings) => Promise<number | null>, jobStatus: string): Promise<StepResult> {
    const { toolkit, log, outputs, errors } = toolkitWith({ "job-status": jobStatus, ...this.inputs }, this.state);
    const exitCode = await step({ ...surroundingsOf(toolkit), env: this.#env, newId: randomUUID });
    return { code: exitCode ?? (errors.length > 0 ? 1 : 0), log, outputs, state: this.state };
  }
}
