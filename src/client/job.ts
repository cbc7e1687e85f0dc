/// <reference lib="esnext.disposable" preserve="true" />
import { type HeldLock, LockLostError, type Started } from "../backend/job-backend.ts";
import { CronyxClientError, clientErrorOf } from "./client-error.ts";
import type { CallOptions } from "./options.ts";

/**
 * How a job's lock is ended: the client's part.
 *
 * @internal
 */
export interface LockEnds {
  finish(lock: HeldLock, options: CallOptions): Promise<void>;
  interrupt(lock: HeldLock, options: CallOptions): Promise<void>;
  /** Waits in the client's `close()` for work that nobody else waits for, and warns if it fails. */
  inBackground(jobName: string, work: Promise<void>): void;
}

type End = "finish" | "interrupt";

/**
 * One interval of a job that this process was granted. It is active until it is finished or interrupted; from then on,
 * to read, finish or interrupt it throws a {@link CronyxClientError} of the code `not-active`.
 */
export class Job implements Disposable, AsyncDisposable {
  readonly #started: Started;
  readonly #ends: LockEnds;
  #active = true;
  #underWay: Promise<void> | null = null;
  /** Whether an end was tried that failed: whoever tried it was told. */
  #endFailed = false;
  /** The ends that failed, but may have come through. */
  readonly #unsettled = new Set<End>();

  /** @internal */
  constructor(started: Started, ends: LockEnds) {
    this.#started = started;
    this.#ends = ends;
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

  /** Where the interval ends; this instant is the next one's. */
  get intervalEndedAt(): Date {
    return new Date(this.#whileActive().intervalEndedAt);
  }

  /** When the lock was taken. */
  get createdAt(): Date {
    return new Date(this.#whileActive().createdAt);
  }

  /** When the lock was last updated. */
  get updatedAt(): Date {
    return new Date(this.#whileActive().updatedAt);
  }

  /** Ends a run that succeeded: the next interval starts where this one ended. If it throws, the job stays active. */
  finish(options: CallOptions = {}): Promise<void> {
    return this.#end("finish", options);
  }

  /** Ends a run that failed: the same interval is granted again. If it throws, the job stays active. */
  interrupt(options: CallOptions = {}): Promise<void> {
    return this.#end("interrupt", options);
  }

  /** `await using`: waits for an end that is under way, then interrupts the job if it was left active. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay?.catch(() => {});
    if (!this.#active) return;
    const told = this.#endFailed;
    try {
      await this.#end("interrupt", {});
    } catch (error) {
      // Whoever tried to end it before knows: the lock went to someone else, or that end came through after all.
      if (told && error instanceof CronyxClientError && error.code === "lock-lost") return;
      throw error;
    }
  }

  /**
   * `using`: the same, but in the background, since a block that ends at once waits for nothing. The client's `close()`
   * waits for it; if it fails, Node emits a warning.
   */
  [Symbol.dispose](): void {
    if (this.#active) this.#ends.inBackground(this.#started.jobName, this[Symbol.asyncDispose]());
  }

  /**
   * Does `task`, then ends the job as the task went, unless the task ended it itself.
   *
   * @internal
   */
  async exec(task: (job: Job) => unknown): Promise<void> {
    try {
      await task(this);
    } catch (error) {
      // The task's own error is the one to throw, whatever comes of the interrupt.
      const interrupted = this[Symbol.asyncDispose]();
      this.#ends.inBackground(this.#started.jobName, interrupted);
      await interrupted.catch(() => {});
      throw error;
    }
    await this.#underWay;
    if (this.#active) await this.#end("finish", {});
  }

  #whileActive(): Started {
    if (this.#active) return this.#started;
    throw new CronyxClientError("not-active", `Job is not active for ${this.#started.jobName}`);
  }

  async #end(end: End, options: CallOptions): Promise<void> {
    const { jobName, lock } = this.#whileActive();
    if (this.#underWay !== null) throw new CronyxClientError("pending", `Job is pending for ${jobName}`);
    try {
      this.#underWay = lock === null ? Promise.resolve() : this.#ends[end](lock, options);
      await this.#underWay;
      this.#active = false;
    } catch (error) {
      const lost = error instanceof CronyxClientError && error.cause instanceof LockLostError ? error.cause : null;
      if (lost !== null && this.#unsettled.has(end)) {
        // This very end came through the last time: only its answer got lost. An original CronyxServer doesn't tell.
        if (lost.loss.to === end || (lost.loss.to === "unknown" && lost.cause === undefined)) {
          this.#active = false;
          return;
        }
        if (lost.cause !== undefined) throw untoldLoss(lost, end);
      }
      this.#endFailed = true;
      if (error instanceof CronyxClientError && error.unsettled) this.#unsettled.add(end);
      throw error;
    } finally {
      this.#underWay = null;
    }
  }
}

/** The lock is gone, an earlier end of the same kind may have come through, and whoever knows couldn't be asked. */
function untoldLoss(lost: LockLostError, end: End): CronyxClientError {
  const { code, message } = clientErrorOf(lost.cause);
  const told = `${lost.message}, and whether an earlier ${end} ended it isn't known: ${message}`;
  return new CronyxClientError(code, told, { cause: lost, unsettled: true });
}
