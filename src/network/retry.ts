import { setTimeout as pause } from "node:timers/promises";
import type { Deadline } from "./deadline.ts";

/** A fault that may pass: the same request is worth sending again. */
export class PassingFault extends Error {
  override name = "PassingFault";
  /** How long the other side asked to be left alone, in milliseconds. */
  readonly retryAfter: number;
  /** Whether the request may have been carried out all the same: only its answer is missing. */
  readonly unsettled: boolean;

  constructor(message: string, options: ErrorOptions & { retryAfter?: number; unsettled?: boolean } = {}) {
    super(message, options);
    this.retryAfter = options.retryAfter ?? 0;
    this.unsettled = options.unsettled ?? true;
  }
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;

/** The waits between tries: exponential backoff with full jitter, never past the deadline. */
export class Backoff {
  #next = FIRST_WAIT;
  readonly #deadline: Deadline;
  readonly #random: () => number;

  constructor(deadline: Deadline, random: () => number = Math.random) {
    this.#deadline = deadline;
    this.#random = random;
  }

  /**
   * @param atLeast What the other side asked for, in milliseconds.
   * @returns false, at once, when no time is left to wait and try again, or the caller gives up.
   */
  async wait(atLeast = 0): Promise<boolean> {
    const ms = Math.max(atLeast, this.#random() * this.#next);
    this.#next = Math.min(2 * this.#next, LONGEST_WAIT);
    if (ms >= this.#deadline.remaining()) return false;
    return pause(ms, true, { signal: this.#deadline.signal }).catch(() => false);
  }
}

/**
 * Tries until `attempt` gets through.
 *
 * @param log Gets one line for each try that failed and is followed by another.
 * @throws what `attempt` throws, if that isn't a {@link PassingFault}, or the last one when the deadline is reached.
 */
export async function retrying<T>(
  deadline: Deadline,
  log: (line: string) => void,
  attempt: () => Promise<T>,
): Promise<T> {
  const backoff = new Backoff(deadline);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PassingFault) || !(await backoff.wait(error.retryAfter))) throw error;
      log(`${error.message}; trying again`);
    }
  }
}
