import type { Instant } from "../scheduler/instant.ts";
import type { Wait } from "../scheduler/wait.ts";
import { CronyxClientError, clientErrorOf } from "./client-error.ts";

/** The longest delay of a timer, in milliseconds. Node fires a longer one at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface RenewalOptions {
  readonly jobName: string;
  /** When the lock was last updated, by the store's clock. */
  readonly updatedAt: Instant;
  /** When the request for that update was sent, by {@link Timers.monotonic}. */
  readonly sentAt: number;
  readonly retryInterval: Wait;
  /**
   * Renews the lock, and gives that up when the signal is aborted.
   *
   * @returns its new `updatedAt`.
   * @throws CronyxClientError: `not-active` once the job was ended here.
   */
  readonly renew: (signal: AbortSignal) => Promise<Instant>;
  readonly timers: Timers;
  readonly warn: (message: string) => void;
}

/** Time, for a test to bend. */
export interface Timers {
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic: () => number;
  /** Calls back once. The timer must not keep the process alive. @returns a function that cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/**
 * Renews a lock while its task runs, at each third of the retry interval. `signal` is aborted when the lock is lost: another
 * caller ended it, or no renewal succeeded until the retry interval had passed since the last one, when other runs may take
 * it over.
 */
export class LockRenewal {
  readonly #options: RenewalOptions;
  readonly #abort = new AbortController();
  /** Gives up a renewal in progress. */
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
   * Begins to renew. A start that took long has used up much of the retry interval, so the lock is then renewed before its
   * task runs: `signal` may be aborted when this returns.
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

  /** Ends the renewals, as when the task has ended. */
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
    // The lock is updated after this instant, so the retry interval passes no earlier than it is counted from here.
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
