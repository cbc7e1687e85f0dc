import type { StepResult } from "./runner.mjs";

/**
 * The state that main saves for post when this step holds no lock. It has every key, because post would read a missing
 * key from the job's `env:`, which anyone who edits the workflow can set.
 */
export const NOTHING_TO_END = {
  location: "",
  jobName: "",
  lockId: "",
  started: "false",
  willBeTakenOver: "false",
  isMarked: "false",
  command: "",
  commandPid: "",
  handedOn: "false",
  interval: "",
  behind: "",
  record: "null",
};

/** The outputs of a step that did not start. A test adds the job's name and the reason. */
export const NOT_STARTED = {
  started: "false",
  reason: "",
  "job-id": "",
  "job-name": "",
  "job-interval": "",
  "job-interval-started-at": "",
  "job-interval-ended-at": "",
  "job-created-at": "",
  "job-updated-at": "",
  "due-at": "",
  behind: "",
  "skipped-started-at": "",
  "skipped-ended-at": "",
  "taken-over-from": "",
  "intervals-finished": "",
};

/** The errors or warnings that the run's page shows for a step, decoded from the workflow commands in its log. */
export function annotations(kind: "error" | "warning", { log }: StepResult): string[] {
  return log
    .filter((line) => line.startsWith(`::${kind}`))
    .map((line) =>
      line
        .replace(/^::\w+::/, "")
        .replaceAll("%0A", "\n")
        .replaceAll("%0D", "\r")
        .replaceAll("%25", "%"),
    );
}
