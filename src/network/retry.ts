import { setTimeout as pause } from "node:timers/promises";
import { type Effect, ServiceError, strongerEffect } from "../errors/service-error.ts";
import type { Deadline } from "./deadline.ts";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;

/** The waits between attempts: exponential backoff with full jitter, never past the deadline. */
export class Backoff {
  #next = FIRST_WAIT;
  #attempts = 1;
  readonly #deadline: Deadline;
  readonly #random: () => number;

  constructor(deadline: Deadline, random: () => number = Math.random) {
    this.#deadline = deadline;
    this.#random = random;
  }

  /**
   * @param failure Why the last attempt failed. Its `retryAfter` is the least time to wait.
   * @param log Gets one line before the wait: the failure, the wait, the number of the next attempt, and the time left.
   * @returns false, at once, when no time is left to wait and try again, or when the caller gives up.
   */
  async wait(
    { message, retryAfter }: Pick<ServiceError, "message" | "retryAfter">,
    log: (line: string) => void,
  ): Promise<boolean> {
    const ms = Math.max(retryAfter ?? 0, this.#random() * this.#next);
    this.#next = Math.min(2 * this.#next, LONGEST_WAIT);
    const left = this.#deadline.remaining();
    if (ms >= left) return false;
    log(`${message}; trying again in ${seconds(ms)} (attempt ${++this.#attempts}, ${seconds(left)} left)`);
    return pause(ms, true, { signal: this.#deadline.signal }).catch(() => false);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** The result of the attempt that succeeded. */
interface Retried<Result> {
  readonly result: Result;
  /** The effect of the attempts before it. `possible`: the result may answer a request that was repeated. */
  readonly earlierEffect: Effect;
}

/**
 * Makes attempts until one succeeds.
 *
 * @param log Gets one line for each attempt that failed and is followed by another.
 * @throws the error after which no attempt follows, because another one would fail too or no time is left for it. If the
 *   deadline cut the last attempt off, the error of the attempt before it. A {@link ServiceError} gets the effect of all
 *   attempts together.
 */
export async function retrying<Result>(
  deadline: Deadline,
  log: (line: string) => void,
  attempt: () => Promise<Result>,
): Promise<Retried<Result>> {
  const backoff = new Backoff(deadline);
  let earlier: ServiceError | null = null;
  for (let effect: Effect = "none"; ; ) {
    try {
      return { result: await attempt(), earlierEffect: effect };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      effect = strongerEffect(effect, error.effect);
      if (error.retryAfter === null || !(await backoff.wait(error, log))) {
        throw clearestError(error, earlier, deadline).withEffect(effect);
      }
      earlier = error;
    }
  }
}

/** @returns the error of the last attempt or, if the deadline cut that attempt off, the error of the attempt before it. */
export function clearestError(last: ServiceError, earlier: ServiceError | null, deadline: Deadline): ServiceError {
  const isCutOff = last.code === "unreachable" && deadline.remaining() <= 0;
  return isCutOff && earlier !== null ? earlier : last;
}
