import { readState } from "../scheduler/read-state-document.ts";
import type { JobRecord } from "../store/job-store.ts";
import type { Toolkit } from "./toolkit.ts";

/** What main tells post. Every key of the step's state stands in this file, and no secret is among them. */
export interface StepState {
  readonly url: string;
  readonly jobName: string;
  /** Whether main got as far as to say that the job was started. */
  readonly started: boolean;
  /** Whether the lock will be taken over by itself if it stays behind. */
  readonly willBeTakenOver: boolean;
  /** The job's record as the start left it. */
  readonly record: JobRecord | null;
  /** The lock that main took, or was about to take. Empty: there is none to end, and nothing else counts. */
  readonly lockId: string;
}

export const NO_STATE: StepState = {
  url: "",
  jobName: "",
  started: false,
  willBeTakenOver: false,
  record: null,
  lockId: "",
};

/**
 * Post gets each key in an environment variable, of which Windows takes 32,767 characters and Linux 128 KiB. With a
 * longer one it could not even be started, and the lock would stay behind.
 */
const LONGEST_VALUE = 16 * 1024;

/**
 * Writes every key, each time: what main doesn't write, the job's `env:` could. The lock's id comes last, so that a main
 * that dies in between has told all that belongs to it.
 */
export function saveStepState(toolkit: Toolkit, state: StepState): void {
  for (const [key, value] of Object.entries(state)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    toolkit.saveState(key, text.length > LONGEST_VALUE ? "" : text);
  }
}

export function loadStepState(toolkit: Toolkit): StepState {
  const jobName = toolkit.getState("jobName");
  return {
    url: toolkit.getState("url"),
    jobName,
    started: toolkit.getState("started") === "true",
    willBeTakenOver: toolkit.getState("willBeTakenOver") === "true",
    record: recordIn(toolkit.getState("record"), jobName),
    lockId: toolkit.getState("lockId"),
  };
}

/** Without a record that can be read, post reads the job's record from the store. */
function recordIn(json: string, jobName: string): JobRecord | null {
  try {
    const { version, state } = JSON.parse(json);
    return typeof version === "string" ? { version, state: readState(state, jobName) } : null;
  } catch {
    return null;
  }
}
