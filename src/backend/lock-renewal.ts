import { LONGEST_TIMER, monotonicNow } from "../network/deadline.ts";
import type { Delay } from "../scheduler/delay.ts";
import type { Instant } from "../scheduler/instant.ts";

export interface RenewalOptions {
  /** When the lock was last updated, by the store's clock. */
  readonly updatedAt: Instant;
  /** When the request for that update was sent, by {@link Timers.monotonic}. */
  readonly sentAt: number;
  /** How long after its last update another run may take the lock over. Null: never. */
  readonly retryInterval: Delay | null;
  /** The longest time between two renewals, in milliseconds. */
  readonly longestPeriod: number;
  /** Renews the lock. An abort of the signal stops the renewal. @returns the lock's new `updatedAt`. */
  readonly renew: (signal: AbortSignal) => Promise<Instant>;
  /** @returns what follows for the lock from a failed renewal. */
  readonly meaningOf: (failure: unknown) => RenewalFailure;
  /** @returns the reason of `signal` when no renewal succeeded in time. */
  readonly expired: () => Error;
  readonly timers: Timers;
}

/**
 * - `lost`: the lock is no longer active.
 * - `over`: there is nothing left to renew, or no renewal can ever succeed.
 * - `unknown`: the next renewal may succeed.
 */
export type RenewalFailure = "lost" | "over" | "unknown";

/** A clock and its timers. Tests pass their own. */
export interface Timers {
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic: () => number;
  /** Calls back once. The timer must not keep the process alive. @returns a function that cancels the timer. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** The clock and timers of this process. Without `unref` a renewal would keep a process alive that has nothing else to do. */
export const timers: Timers = {
  monotonic: monotonicNow,
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Renews a lock while its task runs, at each third of the retry interval or more often. `signal` is aborted when the lock is
 * lost: when another caller ended it, or when the retry interval has passed without a renewal, so that other runs may take
 * it over.
 */
export class LockRenewal {
  readonly #options: RenewalOptions;
  readonly #abort = new AbortController();
  /** Its abort stops a renewal in progress. */
  readonly #stopping = new AbortController();
  /** When the retry interval passes since the last update, by the monotonic clock. */
  #expiresAt: number;
  readonly #period: number;
  #cancelRenewal = () => {};
  #cancelExpiry = () => {};

  constructor(options: RenewalOptions) {
    this.#options = options;
    const length = this.#lengthAfter(options.updatedAt);
    this.#period = Math.min(length / 3, options.longestPeriod);
    this.#expiresAt = options.sentAt + length;
  }

  /**
   * Begins to renew. After a start that took more than a third of the retry interval, it renews the lock at once. `signal` may
   * be aborted when this method returns.
   */
  async begin(): Promise<void> {
    const { sentAt, timers } = this.#options;
    if (timers.monotonic() < sentAt + this.#period) {
      this.#schedule(sentAt + this.#period);
      return;
    }
    await this.#renew();
    if (!this.#isStopped && timers.monotonic() >= this.#expiresAt) this.#expire();
  }

  /**
   * Aborted when the lock is lost. Its reason is the error of the renewal that found the loss, or the one
   * that {@link RenewalOptions.expired} gives.
   */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends the renewals. */
  stop(): void {
    this.#stopping.abort();
    this.#cancelRenewal();
    this.#cancelExpiry();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #lengthAfter(updatedAt: Instant): number {
    const { retryInterval } = this.#options;
    return retryInterval === null ? Number.POSITIVE_INFINITY : retryInterval.after(updatedAt) - updatedAt;
  }

  #schedule(renewAt: number): void {
    this.#cancelRenewal = this.#wait(renewAt, () => this.#renew());
    this.#cancelExpiry();
    this.#cancelExpiry =
      this.#expiresAt === Number.POSITIVE_INFINITY ? () => {} : this.#wait(this.#expiresAt, () => this.#expire());
  }

  /** Chains timers up to an instant that may be further away than one timer reaches. */
  #wait(until: number, callback: () => void): () => void {
    const { timers } = this.#options;
    let cancel = () => {};
    const next = () => {
      const left = until - timers.monotonic();
      if (left <= 0) callback();
      else cancel = timers.after(Math.min(left, LONGEST_TIMER), next);
    };
    cancel = timers.after(Math.min(Math.max(0, until - timers.monotonic()), LONGEST_TIMER), next);
    return () => cancel();
  }

  async #renew(): Promise<void> {
    const { renew, meaningOf, timers } = this.#options;
    // The store updates the lock after this instant. So a retry interval that is counted from here passes no later than the lock's.
    const sentAt = timers.monotonic();
    try {
      const updatedAt = await renew(this.#stopping.signal);
      if (this.#isStopped) return;
      this.#expiresAt = sentAt + this.#lengthAfter(updatedAt);
      this.#schedule(sentAt + this.#period);
    } catch (failure) {
      if (this.#isStopped) return;
      switch (meaningOf(failure)) {
        case "lost":
          return this.#lose(failure);
        case "over":
          return this.stop();
        case "unknown":
          this.#schedule(timers.monotonic() + this.#pauseAfterFailure());
      }
    }
  }

  /** The less time is left, the shorter the pause: the store may answer again right before the lock counts as lost. */
  #pauseAfterFailure(): number {
    const left = this.#expiresAt - this.#options.timers.monotonic();
    return Math.max(this.#period / 10, Math.min(this.#period, left / 3));
  }

  #expire(): void {
    this.#lose(this.#options.expired());
  }

  #lose(reason: unknown): void {
    this.stop();
    this.#abort.abort(reason);
  }
}
