import type { Started } from "../backend/job-backend.ts";
import { parseInstant, toIso } from "../scheduler/instant.ts";
import { readState } from "../scheduler/read-state-document.ts";
import type { Span } from "../scheduler/span.ts";
import type { JobRecord } from "../store/job-store.ts";
import type { Toolkit } from "./toolkit.ts";

/**
 * The state of the step, which main writes and post reads: which lock, and where. This file has all of its keys. None of
 * them is a secret, and none decides to which host post sends a token: if main was killed before it wrote a key, the key can
 * come from the job's `env:`.
 */
export interface StepState {
  /** Where main took the lock, in canonical form. Post sends nothing if its own input leads elsewhere. */
  readonly location: string;
  readonly jobName: string;
  /** Whether main has reported the start in its outputs. */
  readonly started: boolean;
  /** Whether a later start can take the lock over, since a `retry-interval` is set. */
  readonly willBeTakenOver: boolean;
  /** Whether the server has shown that it is this project's: docs/rest-api.md, "A client's duty". */
  readonly isMarked: boolean;
  /** The command of the input `run`, and how it ended. Empty without that input: then the job's status decides. */
  readonly command: CommandState;
  /** The process of the running command, which leads a process group. Empty: there is none. */
  readonly commandPid: string;
  /** Whether the lock was handed on to another job of the run, which ends it. */
  readonly handedOn: boolean;
  /** The interval of the lock, as ISO 8601 has it: `2026-11-24T04:00:00.000Z/2026-11-24T05:00:00.000Z`. */
  readonly interval: string;
  /** How many further intervals were due after this one. Empty: that is not known. */
  readonly behind: string;
  /** The job's record after the start, with which post needs no read. */
  readonly record: JobRecord | null;
  /** The lock that main took, or may have taken. Empty: there is no lock to end, and post ignores all other keys. */
  readonly lockId: string;
}

type CommandState = (typeof COMMAND_STATES)[number];
const COMMAND_STATES = ["", "running", "succeeded", "failed"] as const;

export const NO_STATE: StepState = {
  location: "",
  jobName: "",
  started: false,
  willBeTakenOver: false,
  isMarked: false,
  command: "",
  commandPid: "",
  handedOn: false,
  interval: "",
  behind: "",
  record: null,
  lockId: "",
};

/**
 * The runner passes each key to post in an environment variable. Windows takes 32,767 characters and Linux 128 KiB: with a
 * longer value post could not start, and the lock would stay active.
 */
const LONGEST_VALUE = 16 * 1024;

/**
 * Writes the state of one step. Each key is written at least once, since a key that main does not write could come from the
 * job's `env:`. The lock's id comes last: if main dies before it, post finds no lock, and if main dies after it, post finds
 * all that belongs to the lock.
 */
export class StepStateWriter {
  readonly #toolkit: Toolkit;
  /** The state in the file. Null: it is not known. */
  #written: StepState | null = null;
  #isBegun = false;

  constructor(toolkit: Toolkit) {
    this.#toolkit = toolkit;
  }

  /** Writes {@link NO_STATE} if no state was written before. */
  empty(): void {
    if (!this.#isBegun) this.save(NO_STATE);
  }

  /**
   * Empties the state when this process next waits, which is for the answer to its first request: each value needs a random
   * delimiter, and Node takes 6 ms to load its crypto.
   */
  emptySoon(): void {
    setImmediate(() => {
      try {
        this.empty();
      } catch {
        // The next write throws the same error, where the step reports it.
      }
    });
  }

  save(state: StepState): void {
    const before = this.#written;
    for (const [key, value] of Object.entries(state)) {
      if (value === before?.[key as keyof StepState]) continue;
      const text = typeof value === "string" ? value : JSON.stringify(value);
      this.#toolkit.saveState(key, text.length > LONGEST_VALUE ? "" : text);
    }
    this.#written = state;
    this.#isBegun = true;
  }

  /** To be called before a command runs, which may damage the file: the next state is written in full. */
  distrustFile(): void {
    this.#written = null;
  }
}

export function loadStepState(toolkit: Toolkit): StepState {
  const jobName = toolkit.getState("jobName");
  return {
    location: toolkit.getState("location"),
    jobName,
    started: toolkit.getState("started") === "true",
    willBeTakenOver: toolkit.getState("willBeTakenOver") === "true",
    isMarked: toolkit.getState("isMarked") === "true",
    // A word that this version does not know must not finish an interval.
    command: COMMAND_STATES.find((word) => word === toolkit.getState("command")) ?? "failed",
    commandPid: toolkit.getState("commandPid"),
    handedOn: toolkit.getState("handedOn") === "true",
    interval: toolkit.getState("interval"),
    behind: toolkit.getState("behind"),
    record: recordIn(toolkit.getState("record"), jobName),
    lockId: toolkit.getState("lockId"),
  };
}

/** @returns the state of a step that was granted a job, for its post step. */
export function grantedState(takingState: StepState, granted: Started, isMarked: boolean): StepState {
  return {
    ...takingState,
    isMarked,
    started: true,
    interval: `${toIso(granted.intervalStartedAt)}/${toIso(granted.intervalEndedAt)}`,
    behind: String(granted.behind ?? ""),
    lockId: granted.lock?.id ?? "",
    record: granted.lock?.record ?? null,
  };
}

/** @returns null for an interval that is missing or damaged. */
export function intervalOf({ interval }: StepState): Span | null {
  const [from, until, ...more] = interval.split("/").map(parseInstant);
  return more.length > 0 || from == null || until == null ? null : { from, until };
}

/** @returns null for a record that is missing or damaged: post then reads the record from the store. */
function recordIn(json: string, jobName: string): JobRecord | null {
  try {
    const { version, state } = JSON.parse(json);
    return typeof version === "string" ? { version, state: readState(state, jobName) } : null;
  } catch {
    return null;
  }
}
