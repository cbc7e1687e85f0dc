import { type HeldLock, LockLostError } from "../../src/backend/job-backend.ts";
import type { LocalBackend } from "../../src/backend/local-backend.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import type { Instant } from "../../src/scheduler/instant.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";

/** The calls of a caller, one after the other. */
export type Script = (calls: Calls) => Promise<unknown>;

export interface Call {
  readonly is: "start" | "finish" | "interrupt" | "renew" | "abandon" | "resume" | "skip";
  readonly jobName: string;
  /** The lock's id. Empty for a skip. */
  readonly id: string;
  /** The request of a start, as it was sent. */
  readonly request: StartRequest | null;
  readonly until: Instant | null;
  result: Result;
}

export type Result =
  | { readonly is: "pending" }
  | { readonly is: "done" }
  | { readonly is: "started"; readonly updatedAt: Instant; readonly at: Instant }
  /** For `active`, the lock that was active, where the answer names it. */
  | { readonly is: "active"; readonly lock: { readonly id: string; readonly updatedAt: Instant } | null }
  | { readonly is: "not-due" | "required-job" | "refused" }
  /** A LockLostError. */
  | { readonly is: "lost" }
  /** No answer: the call may have been carried out. */
  | { readonly is: "unknown" };

const DEADLINE = deadlineIn(24 * 3_600_000);

/** The calls of one caller. As front ends do, it repeats a call without an answer, and abandons a start without an answer. */
export class Calls {
  readonly made: Call[] = [];
  readonly #caller: string;
  readonly #backend: LocalBackend;
  readonly #now: () => Instant;
  #starts = 0;

  constructor(caller: string, backend: LocalBackend, now: () => Instant) {
    this.#caller = caller;
    this.#backend = backend;
    this.#now = now;
  }

  /** @returns the lock, or null for a start that took none. */
  async start(request: StartRequest): Promise<HeldLock | null> {
    const id = `${this.#caller}${++this.#starts}`;
    let lock: HeldLock | null = null;
    const claim = { lockId: id, holder: { job: this.#caller }, idempotencyKey: "key" };
    const { is } = await this.#make({ is: "start", jobName: request.jobName, id, request }, async () => {
      const answer = await this.#backend.start(request, claim, DEADLINE);
      if (answer.started) {
        ({ lock } = answer);
        return { is: "started", updatedAt: answer.updatedAt, at: this.#now() };
      }
      if (answer.reason !== "active") return { is: answer.reason === "not-due" ? "not-due" : "required-job" };
      const { id, updatedAt } = answer;
      return { is: "active", lock: id === null || updatedAt === null ? null : { id, updatedAt } };
    });
    if (is === "unknown") await this.abandon({ jobName: request.jobName, id, record: null });
    return is === "started" ? lock : null;
  }

  /** Starts, and takes over the lock that is active. */
  async startByTakeOver(request: StartRequest): Promise<HeldLock | null> {
    const lock = await this.start(request);
    const result = this.made.at(-1)?.result;
    if (lock !== null || result?.is !== "active" || result.lock === null) return lock;
    return this.start({ ...request, takeOver: result.lock });
  }

  finish(lock: HeldLock): Promise<Result> {
    return this.#makeAgain({ is: "finish", ...lock }, (again) =>
      this.#backend.finish(again ? unread(lock) : lock, DEADLINE),
    );
  }

  interrupt(lock: HeldLock): Promise<Result> {
    return this.#makeAgain({ is: "interrupt", ...lock }, (again) =>
      this.#backend.interrupt(again ? unread(lock) : lock, DEADLINE),
    );
  }

  renew(lock: HeldLock): Promise<Result> {
    return this.#makeAgain({ is: "renew", ...lock }, () => this.#backend.renew(lock, DEADLINE));
  }

  resume(lock: HeldLock): Promise<Result> {
    return this.#makeAgain({ is: "resume", ...lock }, () =>
      this.#backend.resume(lock, { job: this.#caller }, DEADLINE),
    );
  }

  abandon(lock: HeldLock): Promise<Result> {
    return this.#makeAgain({ is: "abandon", ...lock }, () => this.#backend.abandon(lock, DEADLINE));
  }

  skip(jobName: string, until: Instant): Promise<Result> {
    return this.#makeAgain({ is: "skip", jobName, id: "", until }, () => this.#backend.skip(jobName, until, DEADLINE));
  }

  async #makeAgain(call: Made, send: (again: boolean) => Promise<unknown>): Promise<Result> {
    const once = (again: boolean) =>
      this.#make(call, async () => {
        await send(again);
        return { is: "done" };
      });
    const result = await once(false);
    return result.is === "unknown" ? once(true) : result;
  }

  async #make({ is, jobName, id, request = null, until = null }: Made, send: () => Promise<Result>): Promise<Result> {
    const call: Call = { is, jobName, id, request, until, result: { is: "pending" } };
    this.made.push(call);
    try {
      call.result = await send();
    } catch (error) {
      if (error instanceof LockLostError) call.result = { is: "lost" };
      else if (error instanceof ServiceError && error.effect === "possible") call.result = { is: "unknown" };
      else if (error instanceof ArgumentError || (error as Error).name === "JobActiveError")
        call.result = { is: "refused" };
      else throw error;
    }
    return call.result;
  }
}

type Made = Pick<Call, "is" | "jobName" | "id"> & Partial<Pick<Call, "request" | "until">>;

function unread({ jobName, id }: HeldLock): HeldLock {
  return { jobName, id, record: null };
}
