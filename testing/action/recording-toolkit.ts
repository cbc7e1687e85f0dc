import type { Surroundings, Toolkit } from "../../src/action/toolkit.ts";
import { type Deadline, deadlineIn } from "../../src/network/deadline.ts";
import type { InputTexts } from "./inputs.ts";

/** A toolkit for a step that runs in the test's own process. It records the log, errors, outputs and state. */
export function toolkitWith(inputs: InputTexts, state: Record<string, string> = {}) {
  const errors: string[] = [];
  const log: string[] = [];
  const outputs: Record<string, string> = {};
  const toolkit: Toolkit = {
    getInput: (name) => (inputs[name] ?? "").trim(),
    setOutput: (name, value) => {
      outputs[name] = value;
    },
    saveState: (name, value) => {
      state[name] = value;
    },
    getState: (name) => state[name] ?? "",
    info: (message) => log.push(message),
    warning: (message) => log.push(String(message)),
    notice: (message) => log.push(String(message)),
    debug: () => {},
    setFailed: (message) => errors.push(String(message)),
    setSecret: () => {},
    startGroup: (name) => log.push(name),
    endGroup: () => {},
  };
  return { toolkit, errors, log, state, outputs };
}

/**
 * The surroundings of a step that runs in the test's own process.
 *
 * @param deadline The one deadline of all its requests, or its milliseconds.
 */
export function surroundingsOf(toolkit: Toolkit, deadline: number | Deadline): Surroundings {
  return {
    toolkit,
    env: {},
    now: Date.now,
    newId: () => "id",
    deadline: () => (typeof deadline === "number" ? deadlineIn(deadline) : deadline),
    platform: process.platform,
    cancellation: () => new AbortController().signal,
  };
}
