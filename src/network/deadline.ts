/** The one point in time by which a call must end: its reads, retries and waits share it. */
export interface Deadline {
  /** The time left, in milliseconds. It is 0 once the deadline has passed or the caller has given up. */
  remaining(): number;
  /** Aborted when the deadline passes or the caller gives up. */
  readonly signal: AbortSignal;
  /** The part of {@link signal} that is the caller's: it is aborted when the caller gives up. */
  readonly caller?: AbortSignal | undefined;
}

/** The longest delay of a timer, in milliseconds. Node fires a timer with a longer one at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * @param ms From now, by the monotonic clock: setting the machine's clock moves no deadline.
 * @param caller The caller's own signal to give up earlier.
 */
export function deadlineIn(ms: number, caller?: AbortSignal): Deadline {
  const at = monotonicNow() + ms;
  let late: AbortSignal | undefined;
  let signal: AbortSignal | undefined;
  // The closure keeps `late` from garbage collection: a combined signal does not refer to its parts.
  const isOver = () => caller?.aborted === true || late?.aborted === true;
  const remaining = () => (isOver() ? 0 : Math.max(0, at - monotonicNow()));
  return {
    remaining,
    caller,
    // Made only when it is read: a signal's timer lives until the deadline, and a server has thousands of deadlines.
    get signal() {
      late ??= AbortSignal.timeout(Math.ceil(remaining()));
      signal ??= caller === undefined ? late : AbortSignal.any([late, caller]);
      return signal;
    },
  };
}

/**
 * Waits for `work`, but no longer than until the deadline. The work itself goes on after it, and its result is dropped.
 *
 * @returns whether `work` ended before the deadline.
 * @throws an error of `work` before the deadline.
 */
export async function within({ signal }: Deadline, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const late = new Promise<false>((resolve) => {
    signal.addEventListener("abort", () => resolve(false), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    settled.abort();
  }
}

/**
 * Calls back once: when the deadline passes, when `most` milliseconds have passed, or when the caller gives up. If one of these
 * has happened already, it calls back at once. A signal would do the same, and take 1 ms of a start.
 *
 * @returns a function after whose call nothing calls back.
 */
export function whenOver(deadline: Deadline, most: number, callback: () => void): () => void {
  const { caller } = deadline;
  const timer = setTimeout(over, Math.min(most, Math.ceil(deadline.remaining())));
  caller?.addEventListener("abort", over);
  if (caller?.aborted) over();
  return stop;

  function over() {
    stop();
    callback();
  }
  function stop() {
    clearTimeout(timer);
    caller?.removeEventListener("abort", over);
  }
}

/** In milliseconds. `performance.now()` gives the same, but makes Node load all of its performance hooks. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
