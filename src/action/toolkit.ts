import {
  debug,
  endGroup,
  getInput,
  getState,
  info,
  notice,
  saveState,
  setFailed,
  setOutput,
  setSecret,
  startGroup,
  warning,
} from "@actions/core";
import type { Deadline } from "../network/deadline.ts";

/** The parts of the runner's toolkit that the action uses. They are named one by one to keep the rest out of the bundle. */
export const toolkit = {
  getInput,
  setOutput,
  saveState,
  getState,
  info,
  notice,
  warning,
  debug,
  setFailed,
  setSecret,
  startGroup,
  endGroup,
};
export type Toolkit = typeof toolkit;

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that the logic uses outside of this process. Entry points pass it in. */
export interface Surroundings {
  readonly toolkit: Toolkit;
  readonly env: Environment;
  readonly now: () => number;
  readonly newId: () => string;
  /** Starts the time, in milliseconds, in which all requests of a step must end, with their retries and waits. */
  readonly deadline: (ms: number, caller?: AbortSignal) => Deadline;
  readonly platform: NodeJS.Platform;
  /** Watches for a signal to this process from now on. @returns a signal that is aborted then, as when the run is cancelled. */
  readonly cancellation: () => AbortSignal;
}
