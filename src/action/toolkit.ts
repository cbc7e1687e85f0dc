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
import { oneLine } from "../backend/one-line.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Environment } from "../network/environment.ts";
import { whileWaiting } from "./while-waiting.ts";

/**
 * The parts of the runner's toolkit that the action uses. They are named one by one to keep the rest out of the bundle.
 *
 * Opening the standard output takes 2 ms. So the runner gets a secret before the next line of the log, or when this process
 * waits for an answer.
 */
export function runnerToolkit() {
  /** The secrets that the runner does not know yet. */
  const secrets: string[] = [];
  const hideSecrets = (): void => {
    for (const secret of secrets.splice(0)) setSecret(secret);
  };
  const afterSecrets =
    <Args extends readonly unknown[]>(write: (...args: Args) => void) =>
    (...args: Args): void => {
      hideSecrets();
      write(...args);
    };
  return {
    getInput,
    setOutput,
    saveState,
    getState,
    // GitHub's toolkit escapes the other messages itself.
    info: afterSecrets((line: string) => info(oneLine(line))),
    notice: afterSecrets(notice),
    warning: afterSecrets(warning),
    debug: afterSecrets(debug),
    setFailed: afterSecrets(setFailed),
    setSecret: (secret: string): void => {
      secrets.push(secret);
      whileWaiting(hideSecrets);
    },
    startGroup: afterSecrets(startGroup),
    endGroup: afterSecrets(endGroup),
  };
}

export type Toolkit = ReturnType<typeof runnerToolkit>;

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
