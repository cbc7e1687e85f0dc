import { LONGEST_TIMER } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { Wait } from "../scheduler/wait.ts";
import { CronyxClientError, clientErrorOf } from "./client-error.ts";

interface RenewalOptions {
  readonly jobName: string;
  /** When the lock was last updated, by the store's clock. */
  readonly updatedAt: Instant;
  /** When the request for that update was sent, by {@link Timers.monotonic}. */
  readonly sentAt: number;
  readonly retryInterval: Wait;
  /**
   * Renews the lock. An abort of the signal stops the renewal.
   *
   * @returns the lock's new `updatedAt`.
   * @throws CronyxClientError `not-active` after this process has ended the job.
   */
  readonly renew: (signal: AbortSignal) => Promise<Instant>;
  readonly timers: Timers;
  readonly warn: (message: string) => void;
}

/** A clock and its timers. Tests pass their own. */
export interface Timers {
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic: () => number;
  /** Calls back once. The timer must not keep the process alive. @returns a function that cancels the timer. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/**
 * Renews a lock while its task runs, at each third of the retry interval. `signal` is aborted when the lock is lost: when
 * another caller ended it, or when the retry interval has passed without a renewal, so that other runs may take it over.
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
    const { updatedAt, sentAt, retryInterval } = options;
    const length = retryInterval.after(updatedAt) - updatedAt;
    this.#period = length / 3;
    this.#expiresAt = sentAt + length;
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

  /** Aborted when the lock is lost. The reason is a {@link CronyxClientError}. */
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

  #schedule(renewAt: number): void {
    this.#cancelRenewal = this.#wait(renewAt, () => this.#renew());
    this.#cancelExpiry();
    this.#cancelExpiry = this.#wait(this.#expiresAt, () => this.#expire());
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
    const { renew, retryInterval, timers } = this.#options;
    // The server updates the lock after this instant. So a retry interval that is counted from here passes no later than the lock's.
    const sentAt = timers.monotonic();
    try {
      const updatedAt = await renew(this.#stopping.signal);
      if (this.#isStopped) return;
      this.#expiresAt = sentAt + (retryInterval.after(updatedAt) - updatedAt);
      this.#schedule(sentAt + this.#period);
    } catch (error) {
      if (this.#isStopped) return;
      const failure = clientErrorOf(error);
      switch (failure.code) {
        case "lock-lost":
          return this.#lose(failure);
        case "not-active":
          // The task has ended the job itself.
          return this.stop();
        case "original-server":
          return this.#giveUp();
        default:
          this.#schedule(timers.monotonic() + this.#period);
      }
    }
  }

  #giveUp(): void {
    const { jobName, warn } = this.#options;
    this.stop();
    warn(
      `The lock of the job ${JSON.stringify(jobName)} cannot be renewed, because its server is an original CronyxServer: set retryInterval to more than the longest run takes`,
    );
  }

  #expire(): void {
    const { jobName } = this.#options;
    const message = `The lock of the job ${JSON.stringify(jobName)} could not be renewed before its retry interval passed, so another run may have taken it over`;
    this.#lose(new CronyxClientError("lock-lost", message));
  }

  #lose(reason: CronyxClientError): void {
    this.stop();
    this.#abort.abort(reason);
  }
}
