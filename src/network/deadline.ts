/** The one point in time by which a call has to be done: its reads, retries and waits all share it. */
export interface Deadline {
  /** What is left, in milliseconds; 0 when it has passed, or the caller gave up. */
  remaining(): number;
  /** Aborted when it has passed, or the caller gave up. */
  readonly signal: AbortSignal;
}

/**
 * @param ms From now, by the monotonic clock: setting the machine's clock moves no deadline.
 * @param caller The caller's own signal to give up before that.
 */
export function deadlineIn(ms: number, caller?: AbortSignal): Deadline {
  const at = monotonicNow() + ms;
  let late: AbortSignal | undefined;
  let signal: AbortSignal | undefined;
  // `late` is named here for the garbage collector too: a combined signal alone doesn't keep it.
  const isOver = () => caller?.aborted === true || late?.aborted === true;
  const remaining = () => (isOver() ? 0 : Math.max(0, at - monotonicNow()));
  return {
    remaining,
    // A signal's timer lives until it has passed: a server has thousands of deadlines, most of which nobody listens to.
    get signal() {
      late ??= AbortSignal.timeout(Math.ceil(remaining()));
      signal ??= caller === undefined ? late : AbortSignal.any([late, caller]);
      return signal;
    },
  };
}

/** @returns whether `work` was done by then. If not, it goes on, and nobody hears of it. @throws what it throws by then. */
export function within(deadline: Deadline, work: Promise<unknown>): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    deadline.signal.addEventListener("abort", () => resolve(false), { once: true });
  });
  return Promise.race([work.then(() => true), late]);
}

/** In milliseconds. `performance.now()` says the same, but Node loads all of its performance hooks for it. */
function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
