/// <reference lib="esnext.disposable" preserve="true" />
import { checkLocationOf, handedLockText } from "../backend/handed-lock.ts";
import { readActiveLock } from "../backend/handed-lock-state.ts";
import type { Claim, HeldLock, JobBackend, StartAnswer } from "../backend/job-backend.ts";
import { canonicalId, lockIdOf } from "../backend/lock-id.ts";
import type { BackendOptions } from "../backend/open-backend.ts";
import { ServiceError } from "../errors/service-error.ts";
import { type Location, parseLocation } from "../location/location.ts";
import { unencryptedWarning } from "../location/unencrypted-warning.ts";
import { type Deadline, deadlineIn } from "../network/deadline.ts";
import { mapInstants } from "../scheduler/not-started.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import {
  checkCallOptions,
  checkClientOptions,
  checkCredentialsFor,
  checkJobOptions,
  handedLockOf,
  instantOf,
  startRequestOf,
  wrongType,
} from "./check-options.ts";
import { abortedError, CronyxClientError, clientErrorOf, closedError, throwingClientErrors } from "./client-error.ts";
import { Job, type JobTask, type LockCalls } from "./job.ts";
import type { CallOptions, CronyxClientOptions, JobResumeOptions, JobSkipOptions, JobStartOptions } from "./options.ts";
import { renewalOf } from "./renewal-of-job.ts";
import type { JobStartResult } from "./start-result.ts";
import { type Surroundings, surroundingsOfProcess } from "./surroundings.ts";

/** The deadline of a call without one of its own, in milliseconds. */
const DEADLINE = 60_000;
/** The longest that giving up a start may take after the call's own deadline, in milliseconds. */
const LONGEST_ABANDON = 10_000;

/**
 * Starts jobs. A client connects at its first call, and serves any number of calls at once. Every error that it throws is a
 * {@link CronyxClientError}.
 */
export class CronyxClient implements AsyncDisposable {
  readonly #options: CronyxClientOptions;
  readonly #location: Location;
  readonly #surroundings: Surroundings;
  readonly #calls: LockCalls;
  /** The calls in progress, for which `close()` waits. */
  readonly #inProgress = new Set<Promise<unknown>>();
  #backend: Promise<JobBackend> | null = null;
  #closing: Promise<void> | null = null;
  #closed = false;

  constructor(options: CronyxClientOptions);
  /** @internal */
  constructor(options: CronyxClientOptions, surroundings: Partial<Surroundings>);
  constructor(options: CronyxClientOptions, surroundings: Partial<Surroundings> = {}) {
    this.#location = throwingClientErrors(() => {
      checkClientOptions(options);
      const location = parseLocation(options.url);
      checkCredentialsFor(location, options);
      return location;
    });
    this.#options = { ...options };
    this.#surroundings = { ...surroundingsOfProcess(), ...surroundings };
    const warning = unencryptedWarning(this.#location);
    if (warning !== null) this.#surroundings.warn(warning);
    this.#calls = {
      finish: (lock, call) => this.#call(call, (backend, deadline) => backend.finish(lock, deadline)),
      interrupt: (lock, call) => this.#call(call, (backend, deadline) => backend.interrupt(lock, deadline)),
      renew: (lock, call) => this.#call(call, (backend, deadline) => backend.renew(lock, deadline)),
      inBackground: (jobName, work) => this.#inBackground(jobName, work),
      textOf: (started) => handedLockText(started, this.#location),
    };
  }

  /** Requests the next due interval of a job. @returns the job, or null if it was not started. */
  async requestJobStart(options: JobStartOptions): Promise<Job | null> {
    const result = await this.startJob(options);
    return result.started ? result.job : null;
  }

  /**
   * Starts a job, calls `task`, and finishes the job. If `task` throws, it interrupts the job and throws the same error. If
   * the job was not started, `task` is not called. The option `signal` aborts the start only, and never the end.
   *
   * With a `retryInterval` the lock is renewed at each third of it while the task runs. `task` gets a signal that is aborted
   * when the lock is lost, or could not be renewed in time.
   */
  async requestJobExec(options: JobStartOptions, task: JobTask): Promise<void> {
    if (typeof task !== "function") {
      throw clientErrorOf(wrongType("task", task, "a function that takes the job"));
    }
    await this.#tracked(this.#exec(options, task));
  }

  /**
   * Declares all intervals of a job up to an instant done, although no run did them, so that later ones can start. It throws
   * `job-active` while a lock of the job is active.
   */
  async skip(options: JobSkipOptions): Promise<void> {
    const until = throwingClientErrors(() => {
      checkJobOptions(options, { text: ["jobName"], known: ["until"] });
      return instantOf("until", options.until);
    });
    await this.#call(options, (backend, deadline) => backend.skip(options.jobName, until, deadline));
  }

  /**
   * Makes a lock active again that was interrupted, with this client's holder, if no lock of the job was granted since. It
   * throws `lock-lost` otherwise.
   */
  async resumeJob(options: JobResumeOptions): Promise<Job> {
    throwingClientErrors(() => checkJobOptions(options, { text: ["jobName", "id"], known: [] }));
    if (this.#closing !== null) throw closedError();
    const { jobName, id } = options;
    const lock: HeldLock = { jobName, id: canonicalId(id), record: null };
    const { holder = null } = this.#options;
    return new Job(
      await this.#call(options, (backend, deadline) => backend.resume(lock, holder, deadline)),
      this.#calls,
    );
  }

  /**
   * Makes a job of the text of its lock, which another process got from {@link Job.lock}, to renew, finish or interrupt it. It
   * throws `lock-lost` if the lock is not active any longer. An original CronyxServer shows no locks, so the text alone counts
   * there.
   */
  async job(lock: string, options: CallOptions = {}): Promise<Job> {
    const handed = throwingClientErrors(() => {
      const handed = handedLockOf(lock);
      checkLocationOf(handed, this.#location);
      return handed;
    });
    if (this.#closing !== null) throw closedError();
    const { jobName, id } = handed;
    if (id === null) return new Job({ ...handed, lock: null }, this.#calls);
    const active = await this.#call(options, (backend, deadline) =>
      readActiveLock(backend, { ...handed, id }, deadline),
    );
    const times =
      active === "hidden" ? {} : { createdAt: Date.parse(active.createdAt), updatedAt: Date.parse(active.updatedAt) };
    return new Job({ ...handed, ...times, lock: { jobName, id, record: null } }, this.#calls);
  }

  /** Requests the next due interval of a job. @returns the job, or the reason why it was not started. */
  async startJob(options: JobStartOptions): Promise<JobStartResult> {
    const request = throwingClientErrors(() => startRequestOf(options, this.#options.timezone));
    if (this.#closing !== null) throw closedError();
    const answer = await this.#call(options, (backend, deadline) => this.#start(backend, request, deadline));
    if (answer.started) return { started: true, job: new Job(answer, this.#calls) };
    return mapInstants(answer, (instant) => new Date(instant));
  }

  /**
   * Refuses new starts, waits for the calls in progress (the tasks of `requestJobExec` included), and disconnects. A job
   * that is still active keeps its lock.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `await using`: closes the client. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #exec(options: JobStartOptions, task: JobTask): Promise<void> {
    const sentAt = this.#surroundings.timers.monotonic();
    const job = await this.requestJobStart(options);
    if (job === null) return;
    const request = startRequestOf(options, this.#options.timezone);
    await job.exec(task, await renewalOf(job, { request, sentAt, surroundings: this.#surroundings }));
  }

  #call<T>(options: CallOptions, call: (backend: JobBackend, deadline: Deadline) => Promise<T>): Promise<T> {
    return this.#tracked(this.#callBackend(options, call));
  }

  async #callBackend<T>(
    options: CallOptions,
    call: (backend: JobBackend, deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    throwingClientErrors(() => checkCallOptions(options));
    if (this.#closed) throw closedError();
    const { signal, deadline = this.#options.deadline ?? DEADLINE } = options;
    try {
      signal?.throwIfAborted();
      return await call(await this.#opened(), deadlineIn(deadline, signal));
    } catch (error) {
      throw signal?.aborted ? abortedError(signal, error) : clientErrorOf(error);
    }
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    this.#inProgress.add(work);
    return work.finally(() => this.#inProgress.delete(work));
  }

  /** Opens the backend once. After a failure the next call opens it again. */
  #opened(): Promise<JobBackend> {
    const { token = "", log = () => {} } = this.#options;
    const { open, env, temporary, now } = this.#surroundings;
    this.#backend ??= open(this.#location, {
      token,
      credentials: credentialsOf(this.#options),
      userAgent: "cronyx-action",
      env,
      temporary,
      log,
      now,
    }).catch((error) => {
      this.#backend = null;
      throw error;
    });
    return this.#backend;
  }

  async #start(backend: JobBackend, request: StartRequest, deadline: Deadline): Promise<StartAnswer> {
    let mayHoldLock = false;
    const idempotencyKey = this.#surroundings.newId();
    const claim: Claim = {
      idempotencyKey,
      lockId: lockIdOf(idempotencyKey),
      holder: this.#options.holder ?? null,
      beforeTaking: () => {
        mayHoldLock = true;
      },
    };
    try {
      return await backend.start(request, claim, deadline);
    } catch (error) {
      if (!mayHoldLock || !(error instanceof ServiceError) || error.effect === "none") throw error;
      throw await this.#abandon(backend, { jobName: request.jobName, id: claim.lockId, record: null }, error);
    }
  }

  /** Gives up a start whose answer was lost. @returns the error to throw, with the effect that remains. */
  async #abandon(backend: JobBackend, lock: HeldLock, lost: ServiceError): Promise<CronyxClientError> {
    const { code, message } = clientErrorOf(lost);
    try {
      await backend.abandon(lock, deadlineIn(LONGEST_ABANDON));
      return new CronyxClientError(code, message, { cause: lost, effect: "none" });
    } catch {
      return new CronyxClientError(
        code,
        `${message}. The lock of ${JSON.stringify(lock.jobName)} may have been taken: a start with a retryInterval takes it over once it is that old`,
        { cause: lost, effect: "possible" },
      );
    }
  }

  #inBackground(jobName: string, work: Promise<void>): void {
    const reported = work.catch((error) => {
      const { code, message } = clientErrorOf(error);
      const problem =
        code === "lock-lost" ? "had lost its lock before it was interrupted" : "was not interrupted and keeps its lock";
      this.#surroundings.warn(`The job ${JSON.stringify(jobName)} ${problem}: ${message}`);
    });
    void this.#tracked(reported);
  }

  async #close(): Promise<void> {
    try {
      // A call that ends may begin another one: after its task, `requestJobExec` ends the job.
      while (this.#inProgress.size > 0) await Promise.allSettled(this.#inProgress);
      this.#closed = true;
      await (await this.#backend?.catch(() => null))?.close();
    } catch (error) {
      throw clientErrorOf(error);
    }
  }
}

function credentialsOf({ credentials, token }: CronyxClientOptions): BackendOptions["credentials"] {
  if (credentials !== undefined) return { kind: "basic", ...credentials };
  return token ? { kind: "bearer", token: async () => token } : { kind: "none" };
}
