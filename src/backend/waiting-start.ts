import { setTimeout } from "node:timers/promises";
import { ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import type { StartAnswer } from "./job-backend.ts";
import { oneLine } from "./one-line.ts";

/** The pauses between two starts, in milliseconds. They grow, and vary at random, so that callers do not start at once. */
const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 30_000;
/** The time that a wait keeps for its last start, in milliseconds. */
const LAST_START = 1000;

export interface WaitingStartOptions {
  /** The first start. It has a deadline of its own, as a start that does not wait. */
  readonly first: () => Promise<StartAnswer>;
  /** Each further start. */
  readonly again: (deadline: Deadline) => Promise<StartAnswer>;
  /** The end of the wait, with all requests and pauses. */
  readonly until: Deadline;
  /** Called with a refusal that differs from the one before it. */
  readonly onChange: (refusal: NotStarted) => void;
  /** Called with the failure of the last start, if the answer before it is the result. */
  readonly onFailure: (failure: ServiceError) => void;
  readonly now: () => Instant;
  readonly random: () => number;
  /** @returns after that many milliseconds, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The pauses of this process. */
export const pauses: Pick<WaitingStartOptions, "random" | "pause"> = {
  random: () => Math.random(),
  pause: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {}),
};

export function lastStartFailedLine({ message }: ServiceError): string {
  return `The last start of the wait failed, so the answer before it counts: ${oneLine(message)}`;
}

/**
 * Repeats a start that is refused because a lock is active or a required job has not got far enough, or without a reason,
 * until it is granted, the interval is not due any more, or the wait is over.
 *
 * @returns the last answer.
 * @throws what the last start throws, unless it changed nothing and there is no time left to repeat it.
 */
export async function startWaiting(options: WaitingStartOptions): Promise<StartAnswer> {
  const { first, again, until, onChange, onFailure, now, random, pause } = options;
  let answer = await first();
  let reported = "";
  for (let longest = FIRST_PAUSE; ; longest = Math.min(2 * longest, LONGEST_PAUSE)) {
    if (answer.started || answer.reason === "not-due") return answer;
    const refusal = identityOf(answer);
    if (refusal !== reported) onChange(answer);
    reported = refusal;
    const backoff = longest * (0.5 + random() / 2);
    const ms = Math.min(backoff, untilTakeover(answer, now()), until.remaining() - LAST_START);
    if (ms <= 0) return answer;
    await pause(ms, until.signal);
    if (until.remaining() <= 0) return answer;
    try {
      answer = await again(until);
    } catch (error) {
      if (!(error instanceof ServiceError) || error.effect === "possible") throw error;
      if (until.remaining() > 0 && error.retryAfter === null) throw error;
      // The start could be repeated, but too little time is left. So the answer before it counts.
      onFailure(error);
      return answer;
    }
  }
}

/** @returns the milliseconds until the lock can be taken over by time. Infinite: it never can, or it already can. */
function untilTakeover(answer: NotStarted, now: Instant): number {
  const { retryAt = null } = answer.reason === "active" ? answer : {};
  return retryAt !== null && retryAt > now ? retryAt - now : Number.POSITIVE_INFINITY;
}

function identityOf(refusal: NotStarted): string {
  switch (refusal.reason) {
    case "active":
      return `active ${refusal.id}`;
    case "required-job":
      return `required-job ${refusal.jobName} ${refusal.finishedUntil}`;
    default:
      return refusal.reason;
  }
}
