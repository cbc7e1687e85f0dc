import type { Surroundings, Toolkit } from "../../src/action/toolkit.ts";
import { oneLine } from "../../src/backend/one-line.ts";
import { type Deadline, deadlineIn } from "../../src/network/deadline.ts";
import type { InputTexts } from "./inputs.ts";

/** @returns the line that the runner gets for a message. */
function commandLine(command: "error" | "warning" | "notice", message: string | Error): string {
  const escaped = String(message).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return `::${command}::${escaped}`;
}

/**
 * A toolkit for a step that runs in the test's own process. It records the log as a runner gets it, the errors' messages, the
 * outputs and the state.
 */
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
    info: (message) => log.push(oneLine(message)),
    warning: (message) => log.push(commandLine("warning", message)),
    notice: (message) => log.push(commandLine("notice", message)),
    debug: () => {},
    setFailed: (message) => {
      errors.push(String(message));
      log.push(commandLine("error", message));
    },
    setSecret: () => {},
    startGroup: (name) => log.push(name),
    endGroup: () => {},
  };
  return { toolkit, errors, log, state, outputs };
}

/**
 * The surroundings of a step that runs in the test's own process.
 *
 * @param deadline The one deadline of all its requests, or its milliseconds. Default: each deadline that the step asks for.
 */
export function surroundingsOf(toolkit: Toolkit, deadline?: number | Deadline): Surroundings {
  return {
    toolkit,
    env: {},
    now: Date.now,
    newId: () => "id",
    deadline: (ms) => (typeof deadline === "object" ? deadline : deadlineIn(deadline ?? ms)),
    platform: process.platform,
    cancellation: () => new AbortController().signal,
  };
}
