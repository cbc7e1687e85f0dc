/// <reference lib="esnext.disposable" preserve="true" />
import type { HandedStart } from "../backend/handed-lock.ts";
import {
  type ActiveLock,
  ENDING_OF,
  type End,
  type HeldLock,
  LockLostError,
  type Started,
} from "../backend/job-backend.ts";
import type { LockRenewal } from "../backend/lock-renewal.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { Holder } from "../scheduler/state-document.ts";
import { CronyxClientError, clientErrorOf } from "./client-error.ts";
import type { CallOptions } from "./options.ts";

/**
 * The client's part in ending and renewing a job's lock.
 *
 * @internal
 */
export interface LockCalls {
  finish(lock: HeldLock, options: CallOptions): Promise<void>;
  interrupt(lock: HeldLock, options: CallOptions): Promise<void>;
  renew(lock: HeldLock, options: CallOptions): Promise<ActiveLock>;
  /** Lets the client's `close()` wait for `work`, and warns if it fails. */
  inBackground(jobName: string, work: Promise<void>): void;
  /** The text from which another process makes a job again. */
  textOf(started: HandedStart): string;
}

/** The answer to a start, or a lock that was resumed or handed on. */
type JobStart = Omit<ActiveLock, "lock"> &
  Pick<Started, "lock"> &
  Partial<Pick<Started, "behind" | "skipped" | "takenOver">>;

/**
 * The work for one interval of a job.
 *
 * @param signal Aborted when the lock is lost, so that another run may do the same interval. See `requestJobExec`.
 */
export type JobTask = (job: Job, signal: AbortSignal) => unknown;

/**
 * One interval of a job that this process was granted, or got by the text of its lock. It is active until it is finished or
 * interrupted. After that, reading a property and ending it again throw a {@link CronyxClientError} with the code `not-active`.
 */
export class Job implements Disposable, AsyncDisposable {
  readonly #started: JobStart;
  /** It has the record that the last renewal wrote, so that an end needs no read. Null: there is nothing to end. */
  #lock: HeldLock | null;
  #updatedAt: Instant;
  readonly #calls: LockCalls;
  #active = true;
  #endInProgress: Promise<void> | null = null;
  /** Whether an end has failed, so that its caller has the error. */
  #hasEndFailed = false;
  /** The ends that failed although they may have been carried out. */
  readonly #possibleEnds = new Set<End>();

  /** @internal */
  constructor(started: JobStart, calls: LockCalls) {
    this.#started = started;
    this.#lock = started.lock;
    this.#updatedAt = started.updatedAt;
    this.#calls = calls;
  }

  /** The lock's id; null for a job that was started without a lock. */
  get id(): string | null {
    return this.#whileActive().lock?.id ?? null;
  }

  get name(): string {
    return this.#whileActive().jobName;
  }

  /** The interval's length, in milliseconds. */
  get interval(): number {
    const { intervalStartedAt, intervalEndedAt } = this.#whileActive();
    return intervalEndedAt - intervalStartedAt;
  }

  get isActive(): boolean {
    this.#whileActive();
    return true;
  }

  /** Where the interval starts. */
  get intervalStartedAt(): Date {
    return new Date(this.#whileActive().intervalStartedAt);
  }

  /** Where the interval ends. The next one starts at this instant. */
  get intervalEndedAt(): Date {
    return new Date(this.#whileActive().intervalEndedAt);
  }

  /** When the lock was taken. */
  get createdAt(): Date {
    return new Date(this.#whileActive().createdAt);
  }

  /** When the lock was last updated. */
  get updatedAt(): Date {
    this.#whileActive();
    return new Date(this.#updatedAt);
  }

  /** How many further intervals are due after this one, up to 1,000. Null: an original server does not send it. */
  get behind(): number | null {
    return this.#whileActive().behind ?? null;
  }

  /**
   * The text of the lock, one line of JSON. `CronyxClient.job` makes a job of it in another process. It is no secret, and
   * holds neither credentials nor an address.
   */
  get lock(): string {
    const { behind = null, ...started } = this.#whileActive();
    return this.#calls.textOf({ ...started, updatedAt: this.#updatedAt, behind });
  }

  /** The span before the interval that `catchUp: "latest"` leaves out, or null. */
  get skipped(): { readonly from: Date; readonly until: Date } | null {
    const { skipped = null } = this.#whileActive();
    return skipped && { from: new Date(skipped.from), until: new Date(skipped.until) };
  }

  /** The lock that this start took over, or null. */
  get takenOver(): { readonly holder: Holder | null; readonly since: Date | null } | null {
    const { takenOver = null } = this.#whileActive();
    return takenOver && { ...takenOver, since: takenOver.since === null ? null : new Date(takenOver.since) };
  }

  /**
   * Updates the lock, so that its retry interval counts from now. Without a lock it does nothing. If it throws `lock-lost`,
   * another run may do the same interval.
   */
  async renew(options: CallOptions = {}): Promise<void> {
    this.#whileActive();
    if (this.#lock === null) return;
    try {
      const { lock, updatedAt } = await this.#calls.renew(this.#lock, options);
      this.#lock = lock;
      this.#updatedAt = updatedAt;
    } catch (error) {
      // The lock is not lost if this job's own end came first.
      await this.#endInProgress?.catch(() => {});
      this.#whileActive();
      throw error;
    }
  }

  /** Ends a run that succeeded: the next interval starts where this one ended. If it throws, the job stays active. */
  finish(options: CallOptions = {}): Promise<void> {
    return this.#end("finish", options);
  }

  /** Ends a run that failed: the interval is granted again. If it throws, the job stays active. */
  interrupt(options: CallOptions = {}): Promise<void> {
    return this.#end("interrupt", options);
  }

  /** `await using`: waits for an end in progress, then interrupts the job if it is still active. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endInProgress?.catch(() => {});
    if (!this.#active) return;
    const wasReported = this.#hasEndFailed;
    try {
      await this.#end("interrupt", {});
    } catch (error) {
      // The caller has the error of the end that failed. Either that end was carried out, or another run took the lock over.
      if (wasReported && isLockLost(error)) return;
      throw error;
    }
  }

  /**
   * `using`: the same in the background, since the end of a `using` block cannot wait. The client's `close()` waits for it.
   * If it fails, Node emits a warning.
   */
  [Symbol.dispose](): void {
    if (this.#active) this.#calls.inBackground(this.#started.jobName, this[Symbol.asyncDispose]());
  }

  /**
   * Calls `task`, and renews the lock meanwhile. Then it finishes the job, or interrupts the job if the task threw. A job that
   * the task has ended itself stays as it is.
   *
   * @internal
   */
  async exec(task: JobTask, renewal: LockRenewal | null): Promise<void> {
    const signal = renewal?.signal ?? new AbortController().signal;
    try {
      await renewal?.begin();
      signal.throwIfAborted();
      await task(this, signal);
    } catch (error) {
      renewal?.stop();
      // The task's own error is the one to throw, even if the interrupt fails.
      const interrupted = this[Symbol.asyncDispose]().catch((failure) => {
        // The reason of the signal is this same loss.
        if (!(signal.aborted && isLockLost(failure))) throw failure;
      });
      this.#calls.inBackground(this.#started.jobName, interrupted);
      await interrupted.catch(() => {});
      throw error;
    }
    renewal?.stop();
    await this.#endInProgress;
    if (this.#active) await this.#end("finish", {});
  }

  #whileActive(): JobStart {
    if (this.#active) return this.#started;
    throw new CronyxClientError("not-active", `Job is not active for ${this.#started.jobName}`);
  }

  async #end(end: End, options: CallOptions): Promise<void> {
    const { jobName } = this.#whileActive();
    const lock = this.#lock;
    if (this.#endInProgress !== null) throw new CronyxClientError("pending", `Job is pending for ${jobName}`);
    try {
      this.#endInProgress = lock === null ? Promise.resolve() : this.#calls[end](lock, options);
      await this.#endInProgress;
      this.#active = false;
    } catch (error) {
      const lost = error instanceof CronyxClientError && error.cause instanceof LockLostError ? error.cause : null;
      if (lost !== null && this.#possibleEnds.has(end)) {
        // The earlier call of the same end was carried out, and only its answer was lost. An original CronyxServer does not
        // say how a lock ended.
        const { ending } = lost.loss;
        if (ending === ENDING_OF[end] || (ending === "unknown" && lost.cause === undefined)) {
          this.#active = false;
          return;
        }
        if (lost.cause !== undefined) throw unknownLoss(lost, end);
      }
      this.#hasEndFailed = true;
      if (error instanceof CronyxClientError && error.effect === "possible") this.#possibleEnds.add(end);
      throw error;
    } finally {
      this.#endInProgress = null;
    }
  }
}

function isLockLost(error: unknown): boolean {
  return error instanceof CronyxClientError && error.code === "lock-lost";
}

/** The lock is gone, an earlier end may have been carried out, and the job's state could not be read. */
function unknownLoss(lost: LockLostError, end: End): CronyxClientError {
  const { code, message } = clientErrorOf(lost.cause);
  const problem = `${lost.message}, and whether an earlier ${end} ended it is not known: ${message}`;
  return new CronyxClientError(code, problem, { cause: lost, effect: "possible" });
}
