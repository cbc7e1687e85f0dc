import { ServiceError } from "../errors/service-error.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { Wait } from "../scheduler/wait.ts";
import { CronyxClientError } from "./client-error.ts";

/** The longest delay of a timer, in milliseconds. Node fires a longer one at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface RenewalOptions {
  readonly jobName: string;
  /** When the lock was last updated, by the store's clock. */
  readonly updatedAt: Instant;
  /** When the request for that update was sent, by {@link Timers.monotonic}. */
  readonly sentAt: number;
  readonly retryInterval: Wait;
  /** Renews the lock. @returns its new `updatedAt`. @throws CronyxClientError */
  readonly renew: () => Promise<Instant>;
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
  /** When the retry interval passes since the last update, by the monotonic clock. */
  #expiresAt: number;
  readonly #period: number;
  #cancelRenewal = () => {};
  #cancelExpiry = () => {};
  #isStopped = false;

  constructor(options: RenewalOptions) {
    this.#options = options;
    const { updatedAt, sentAt, retryInterval } = options;
    const length = retryInterval.after(updatedAt) - updatedAt;
    this.#period = length / 3;
    this.#expiresAt = sentAt + length;
    this.#schedule(sentAt);
  }

  /** Aborted when the lock is lost. The reason is a {@link CronyxClientError}. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends the renewals, as when the task has ended. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRenewal();
    this.#cancelExpiry();
  }

  /** @param sentAt When the last request that updated the lock was sent: the lock was updated after that. */
  #schedule(sentAt: number): void {
    this.#cancelRenewal = this.#wait(sentAt + this.#period, () => this.#renew());
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
    const { renew, retryInterval, timers, warn, jobName } = this.#options;
    const sentAt = timers.monotonic();
    try {
      const updatedAt = await renew();
      if (this.#isStopped) return;
      this.#expiresAt = sentAt + (retryInterval.after(updatedAt) - updatedAt);
      this.#schedule(sentAt);
    } catch (error) {
      if (this.#isStopped) return;
      if (!(error instanceof CronyxClientError)) throw error;
      if (error.code === "lock-lost") this.#lose(error);
      else if (error.cause instanceof ServiceError && error.code === "original-server") {
        this.stop();
        warn(
          `The lock of the job ${JSON.stringify(jobName)} cannot be renewed, because its server is an original CronyxServer: set retryInterval to more than the longest run takes`,
        );
      } else this.#cancelRenewal = this.#wait(timers.monotonic() + this.#period, () => this.#renew());
    }
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
