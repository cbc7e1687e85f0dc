/** The one point in time by which a call has to be done: its reads, retries and waits all share it. */
export interface Deadline {
  /** What is left, in milliseconds; 0 when it has passed. */
  remaining(): number;
  /** Aborted when it has passed. */
  readonly signal: AbortSignal;
}

/** @param ms From now, by the monotonic clock: setting the machine's clock moves no deadline. */
export function deadlineIn(ms: number): Deadline {
  const at = monotonicNow() + ms;
  const remaining = () => Math.max(0, at - monotonicNow());
  let signal: AbortSignal | undefined;
  return {
    remaining,
    // A signal's timer lives until it has passed: a server has thousands of deadlines, most of which nobody listens to.
    get signal() {
      signal ??= AbortSignal.timeout(Math.ceil(remaining()));
      return signal;
    },
  };
}

/** In milliseconds. `performance.now()` says the same, but Node loads all of its performance hooks for it. */
function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
