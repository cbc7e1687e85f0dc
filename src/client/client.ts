/// <reference lib="esnext.disposable" preserve="true" />
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import type { Claim, HeldLock, JobBackend, StartAnswer } from "../backend/job-backend.ts";
import { type BackendOptions, openBackend } from "../backend/open-backend.ts";
import { type Deadline, deadlineIn } from "../network/deadline.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { StoreError } from "../store/job-store.ts";
import { checkCallOptions, checkClientOptions, startRequestOf } from "./check-options.ts";
import { CronyxClientError, clientErrorOf, inOurWords, isUnsettled } from "./client-error.ts";
import { Job, type LockEnds } from "./job.ts";
import type { CallOptions, CronyxClientOptions, JobStartOptions } from "./options.ts";
import { type JobStartResult, notStartedOf } from "./start-result.ts";
import { CLIENT_TERMS } from "./terms.ts";

const DEADLINE = 60_000;
/** What a start that was given up may take on top, to leave no lock behind. */
const LONGEST_RELEASE = 10_000;

/**
 * What reaches out of the process.
 *
 * @internal
 */
export interface Surroundings {
  readonly open: (url: string, options: BackendOptions) => Promise<JobBackend>;
  readonly env: BackendOptions["env"];
  readonly temporary: string;
  readonly now: () => number;
  readonly newId: () => string;
  /** Tells of work in the background that failed. */
  readonly warn: (message: string) => void;
}

/**
 * Starts jobs: the library's one way in. It is opened by its first call, and serves any number of calls at once.
 * Whatever goes wrong is thrown as a {@link CronyxClientError}.
 */
export class CronyxClient implements AsyncDisposable {
  readonly #options: CronyxClientOptions;
  readonly #surroundings: Surroundings;
  readonly #ends: LockEnds;
  /** What `close()` waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  #backend: Promise<JobBackend> | null = null;
  #closing: Promise<void> | null = null;
  #closed = false;

  constructor(options: CronyxClientOptions);
  /** @internal */
  constructor(options: CronyxClientOptions, surroundings: Partial<Surroundings>);
  constructor(options: CronyxClientOptions, surroundings: Partial<Surroundings> = {}) {
    inOurWords(() => checkClientOptions(options));
    this.#options = { ...options };
    this.#surroundings = {
      open: openBackend,
      env: process.env,
      temporary: tmpdir(),
      now: Date.now,
      newId: randomUUID,
      warn: (message) => process.emitWarning(message, "CronyxClientWarning"),
      ...surroundings,
    };
    this.#ends = {
      finish: (lock, call) => this.#ask(call, (backend, deadline) => backend.finish(lock, deadline)),
      interrupt: (lock, call) => this.#ask(call, (backend, deadline) => backend.interrupt(lock, deadline)),
      inBackground: (jobName, work) => this.#inBackground(jobName, work),
    };
  }

  /** Asks for the next due interval of a job. @returns null if it was not started. */
  async requestJobStart(options: JobStartOptions): Promise<Job | null> {
    const result = await this.startJob(options);
    return result.started ? result.job : null;
  }

  /**
   * Starts a job, does `task`, and finishes the job; or interrupts it if `task` throws, and throws that again. Without a
   * start, `task` isn't called. The options' `signal` gives up the start alone: to end the run takes place in any case.
   */
  async requestJobExec(options: JobStartOptions, task: (job: Job) => unknown): Promise<void> {
    if (typeof task !== "function") {
      throw clientErrorOf(new ArgumentError(`The task is ${typeof task}: give a function that takes the job`));
    }
    await this.#tracked(this.requestJobStart(options).then((job) => job?.exec(task)));
  }

  /** Asks for the next due interval of a job. @returns the job, or why it was not started. */
  async startJob(options: JobStartOptions): Promise<JobStartResult> {
    const request = inOurWords(() => startRequestOf(options, this.#options.timezone));
    if (this.#closing !== null) throw closedError();
    const answer = await this.#ask(options, (backend, deadline) => this.#start(backend, request, deadline));
    return answer.started ? { started: true, job: new Job(answer, this.#ends) } : notStartedOf(answer);
  }

  /**
   * Starts nothing more, waits for the calls that are under way (the tasks of `requestJobExec` are among them), and lets go
   * of the backend. A job that is still active stays locked.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `await using`: closes the client. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ask<T>(options: CallOptions, call: (backend: JobBackend, deadline: Deadline) => Promise<T>): Promise<T> {
    return this.#tracked(this.#askOnce(options, call));
  }

  async #askOnce<T>(options: CallOptions, call: (backend: JobBackend, deadline: Deadline) => Promise<T>): Promise<T> {
    inOurWords(() => checkCallOptions(options));
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
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  /** A client that couldn't be opened tries again at the next call. */
  #opened(): Promise<JobBackend> {
    const { url, token = "", log = () => {} } = this.#options;
    const { open, env, temporary, now } = this.#surroundings;
    this.#backend ??= open(url, {
      token,
      credentials: credentialsOf(this.#options),
      userAgent: "cronyx-action",
      env,
      temporary,
      log,
      now,
      terms: CLIENT_TERMS,
    }).catch((error) => {
      this.#backend = null;
      throw error;
    });
    return this.#backend;
  }

  async #start(backend: JobBackend, request: StartRequest, deadline: Deadline): Promise<StartAnswer> {
    let taking = false;
    const claim: Claim = {
      lockId: this.#surroundings.newId(),
      holder: this.#options.holder ?? null,
      idempotencyKey: null,
      beforeTaking: () => {
        taking = true;
      },
    };
    try {
      return await backend.start(request, claim, deadline);
    } catch (error) {
      if (!taking || !(error instanceof StoreError) || !error.unsettled) throw error;
      throw await this.#released(backend, { jobName: request.jobName, id: claim.lockId, record: null }, error);
    }
  }

  /** Sees to it that a start whose answer was lost holds nothing. @returns its error, which says so if it still may. */
  async #released(backend: JobBackend, lock: HeldLock, lost: StoreError): Promise<StoreError> {
    try {
      await backend.abandon(lock, deadlineIn(LONGEST_RELEASE));
      return new StoreError(lost.code, lost.message, { cause: lost });
    } catch {
      return new StoreError(
        lost.code,
        `${lost.message}. The lock of ${JSON.stringify(lock.jobName)} may have been taken all the same: a start with a retryInterval takes it over once it is that old`,
        { cause: lost, unsettled: true },
      );
    }
  }

  #inBackground(jobName: string, work: Promise<void>): void {
    const told = work.catch((error) => {
      const { message } = clientErrorOf(error);
      this.#surroundings.warn(
        `The job ${JSON.stringify(jobName)} couldn't be interrupted, so it stays locked: ${message}`,
      );
    });
    void this.#tracked(told);
  }

  async #close(): Promise<void> {
    try {
      // What is waited for may begin something else: a task's end comes after its start.
      while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
      this.#closed = true;
      await (await this.#backend?.catch(() => null))?.close();
    } catch (error) {
      throw clientErrorOf(error);
    }
  }
}

/** @returns what a CronyxServer is given. */
function credentialsOf({ credentials, token }: CronyxClientOptions): BackendOptions["credentials"] {
  if (credentials !== undefined) return { kind: "basic", ...credentials };
  return token ? { kind: "bearer", token: async () => token } : { kind: "none" };
}

function closedError(): CronyxClientError {
  return new CronyxClientError("closed", "The client was closed: make another one, and close it when all is done");
}

function abortedError(signal: AbortSignal, error: unknown): CronyxClientError {
  const unsettled = isUnsettled(error);
  const doubt = unsettled ? `, and may have come through: ${(error as StoreError).message}` : "";
  const message = `The call was aborted by its signal${doubt}`;
  return new CronyxClientError("aborted", message, { cause: signal.reason, unsettled });
}
