import { type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import type { NotStarted } from "../../scheduler/not-started.ts";
import { type PreparedStart, prepareStart, type StartRequest } from "../../scheduler/start-request.ts";
import { CONTESTED } from "../contested.ts";
import { type Claim, type HeldLock, LockLostError, type StartAnswer, type Started } from "../job-backend.ts";
import { isStale } from "../stale-lock.ts";
import { checkPathName } from "./path-name.ts";
import { AnswerError, checkIsOf, confirmedPolicyIn, startAnswerIn } from "./server-answers.ts";
import type { ServerAnswer, ServerConnection } from "./server-connection.ts";
import type { ServerLocks } from "./server-locks.ts";
import { claimHeaders, namesOnOriginal, startBody, startQuery } from "./start-parts.ts";

/** Sends starts to a CronyxServer. A start that fails leaves no lock behind, as far as the server allows it. */
export class ServerStart {
  readonly #server: ServerConnection;
  readonly #locks: ServerLocks;
  readonly #monotonic: () => number;

  constructor(server: ServerConnection, locks: ServerLocks, monotonic: () => number) {
    this.#server = server;
    this.#locks = locks;
    this.#monotonic = monotonic;
  }

  async start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer> {
    // Checked here too: the original server refuses a bad request with a 500, or only once it uses the field.
    const prepared = await prepareStart(request);
    const { jobName, noLock } = prepared;
    const sent = {
      method: "POST",
      path: [checkPathName(jobName)],
      query: startQuery(request),
      headers: claimHeaders(claim),
      body: startBody({ ...request, requiredJobNames: await this.#requiredNames(prepared, deadline) }),
      writes: !noLock,
    } as const;
    if (!noLock) claim.beforeTaking?.();
    const sentAt = this.#monotonic();
    const answer = await this.#server.ask(sent, deadline);
    const started = this.#server.parse(answer, (json) => {
      if (answer.status !== 200) throw new AnswerError(`it answered ${answer.status} to a start`);
      if (this.#server.isMarked && isEmpty(json)) throw new AnswerError("its answer to a start is empty");
      const started = startAnswerIn(json, jobName, noLock);
      // The key gives the lock its id, so another id is that of another start, whose answer a proxy has repeated.
      if (this.#server.isMarked && started.started && started.lock !== null) checkIsOf(claim.lockId, started.lock);
      return started;
    });
    if (!started.started) {
      const lock = { jobName, id: claim.lockId, record: null };
      if (!noLock) await this.#settleRefusal(started, lock, { earlierEffect: answer.earlierEffect, deadline });
      return started;
    }
    await this.#checkConfirmed(request, { answer, started, deadline });
    const { createdAt, lock } = started;
    if (lock === null || !this.#isStale(prepared, createdAt, sentAt)) return started;
    return this.#startedLate(prepared, { started, lock, deadline });
  }

  /**
   * @returns the names that these jobs have on the server. The two kinds of servers differ in some names. A health check shows
   *   the server's kind if no answer has shown it yet.
   */
  async #requiredNames({ requiredJobNames }: PreparedStart, deadline: Deadline): Promise<readonly string[]> {
    const names = namesOnOriginal(requiredJobNames);
    if (names.every((name, at) => name === requiredJobNames[at])) return requiredJobNames;
    if (!this.#server.isMarked) {
      await this.#server.ask({ method: "GET", path: ["healthcheck"], writes: false }, deadline);
    }
    return this.#server.isMarked ? requiredJobNames : names;
  }

  /**
   * Checks that the server knows `startsAt` and `catchUp`. An original server ignores them, and grants another interval than the
   * requested one. The lock of that interval is interrupted again.
   */
  async #checkConfirmed(
    { startsAt, catchUp = "each" }: StartRequest,
    {
      answer,
      started: { lock },
      deadline,
    }: { readonly answer: ServerAnswer; readonly started: Started; readonly deadline: Deadline },
  ): Promise<void> {
    if (startsAt === undefined && catchUp === "each") return;
    const confirmed = this.#server.parse(answer, confirmedPolicyIn);
    const isStartConfirmed = startsAt === undefined || confirmed.startsAt === startsAt;
    if (isStartConfirmed && (catchUp === "each" || confirmed.catchUp === catchUp)) return;

    const unknown = `does not know ${isStartConfirmed ? "catchUp" : "startsAt"}`;
    if (lock === null) throw this.#tooOld(`${unknown}, and answered with another interval`, "none");
    try {
      await this.#locks.giveBack(lock, deadline);
    } catch (cause) {
      if (!(cause instanceof ServiceError)) throw cause;
      throw this.#server.failure("server-too-old", {
        problem: `${unknown}, and granted another interval, whose lock may still be active, since ${cause.message}`,
        effect: "possible",
        cause,
      });
    }
    throw this.#tooOld(`${unknown}, and granted another interval, which was interrupted again`, answer.earlierEffect);
  }

  #tooOld(problem: string, effect: Effect): ServiceError {
    return this.#server.failure("server-too-old", { problem, effect });
  }

  /**
   * The answer came so late that another run may have taken the lock over. So the lock is renewed before its run starts,
   * until a renewal is confirmed in time.
   */
  async #startedLate(
    prepared: PreparedStart,
    { started, lock, deadline }: { readonly started: Started; readonly lock: HeldLock; readonly deadline: Deadline },
  ): Promise<StartAnswer> {
    try {
      for (;;) {
        const sentAt = this.#monotonic();
        const { updatedAt } = await this.#locks.renew(lock, deadline);
        if (!this.#isStale(prepared, updatedAt, sentAt)) return { ...started, updatedAt };
      }
    } catch (error) {
      if (error instanceof LockLostError) return CONTESTED;
      if (!(error instanceof ServiceError)) throw error;
      // The lock was granted, and may still be active.
      if (error.code !== "original-server") throw error.withEffect("possible");
    }
    // An original server cannot renew the lock. It is given back, since another run may hold it too.
    await this.#locks.giveBack(lock, deadline).catch((error: unknown) => {
      throw error instanceof ServiceError ? error.withEffect("possible") : error;
    });
    return CONTESTED;
  }

  /**
   * Whether others may have taken a lock over that was updated after `sentAt`, by the monotonic clock.
   *
   * @throws ServiceError for an instant so late that no retry interval can be counted from it.
   */
  #isStale(prepared: PreparedStart, updatedAt: Instant, sentAt: number): boolean {
    try {
      return isStale(prepared, updatedAt, this.#monotonic() - sentAt);
    } catch (cause) {
      throw this.#server.notAServer(`it updated the lock at ${toIso(updatedAt)}`, "possible", cause);
    }
  }

  /** Makes sure that a refused start neither holds a lock nor takes one later. */
  async #settleRefusal(
    { reason }: NotStarted,
    lock: HeldLock,
    { earlierEffect, deadline }: { readonly earlierEffect: Effect; readonly deadline: Deadline },
  ): Promise<void> {
    // An original server refuses with an empty answer. A proxy may send one too, after the server has granted the lock.
    if (reason !== "unknown" && earlierEffect === "none") return;
    try {
      await this.#locks.abandon(lock, deadline);
    } catch (cause) {
      if (!(cause instanceof ServiceError)) throw cause;
      if (cause.code !== "original-server") throw this.#unsettled(lock, reason, cause);
      if (earlierEffect === "possible") throw this.#unsettledByOriginal(lock);
    }
  }

  /** A proxy may have kept an earlier attempt of a refused start, and may send it on once the job is free. */
  #unsettled({ jobName }: HeldLock, reason: NotStarted["reason"], cause: ServiceError): ServiceError {
    const refused = reason === "unknown" ? "got an empty answer, and may have taken the lock" : REFUSED;
    return new ServiceError("start-unsettled", {
      place: `The start of ${JSON.stringify(jobName)}`,
      problem: `${refused}, since ${cause.message}`,
      effect: "possible",
      cause,
    });
  }

  #unsettledByOriginal({ jobName }: HeldLock): ServiceError {
    return this.#server.failure("start-unsettled", {
      problem: `does not say why ${JSON.stringify(jobName)} was not started, and the answer to an earlier attempt was lost, so that attempt may have taken the lock`,
      effect: "possible",
    });
  }
}

const REFUSED = "was refused, but an earlier attempt whose answer was lost may still take the lock";

function isEmpty(json: unknown): boolean {
  return json === undefined || json === null;
}
