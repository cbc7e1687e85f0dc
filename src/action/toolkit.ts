import { debug, getInput, getState, info, saveState, setFailed, setOutput, setSecret, warning } from "@actions/core";
import type { Deadline } from "../network/deadline.ts";

/** What the action uses of the runner's toolkit: named one by one, so that the rest stays out of the bundles. */
export const toolkit = { getInput, setOutput, saveState, getState, info, warning, debug, setFailed, setSecret };
export type Toolkit = typeof toolkit;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What an entry point hands to the logic: everything that reaches out of the process. */
export interface Surroundings {
  readonly toolkit: Toolkit;
  readonly env: Environment;
  readonly now: () => number;
  readonly newId: () => string;
  /** Begins the time that all that a step asks of the backend may take, retries and waits included. */
  readonly deadline: () => Deadline;
}
