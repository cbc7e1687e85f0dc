import { type Effect, ServiceError } from "../../errors/service-error.ts";
import { type Deadline, monotonicNow } from "../../network/deadline.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import type { NotStarted } from "../../scheduler/not-started.ts";
import { type PreparedStart, prepareStart, type StartRequest } from "../../scheduler/start-request.ts";
import type { Holder, JobState } from "../../scheduler/state-document.ts";
import { CONTESTED } from "../contested.ts";
import {
  type ActiveLock,
  type Claim,
  type HeldLock,
  JobActiveError,
  type JobBackend,
  type JobStates,
  type JobStatus,
  LockLostError,
  type StartAnswer,
  type Started,
} from "../job-backend.ts";
import { canonicalId } from "../lock-id.ts";
import { checkPathName } from "./path-name.ts";
import {
  AnswerError,
  activeLockIn,
  activeSinceIn,
  confirmedPolicyIn,
  heldIn,
  namedHolderIn,
  oneStatusIn,
  startAnswerIn,
} from "./server-answers.ts";
import { messageIn, type ServerAnswer, ServerConnection, type ServerConnectionOptions } from "./server-connection.ts";
import { ServerJobs } from "./server-jobs.ts";
import { claimHeaders, holderHeader, namesOnOriginal, startBody, startQuery } from "./start-parts.ts";

const SEGMENT_OF_END = { finished: "finish", interrupted: "interrupt" } as const;
type End = keyof typeof SEGMENT_OF_END;

export interface RemoteBackendOptions extends ServerConnectionOptions {
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic?: () => number;
}

/** Lets a CronyxServer decide, this project's or the original one. docs/rest-api.md says where the two differ. */
export class RemoteBackend implements JobBackend {
  readonly #server: ServerConnection;
  readonly #jobs: ServerJobs;
  readonly #monotonic: () => number;

  constructor({ monotonic = monotonicNow, ...options }: RemoteBackendOptions) {
    this.#server = new ServerConnection(options);
    this.#jobs = new ServerJobs(this.#server);
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
    const started = this.#server.understood(answer, () => {
      if (answer.status !== 200) throw new AnswerError(`there is nothing to start at its address, ${answer.status}`);
      if (this.#server.isMarked && isEmpty(answer.json)) throw new AnswerError("its answer to a start is empty");
      const started = startAnswerIn(answer.json, jobName, noLock);
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

  finish(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "finished", deadline);
  }

  interrupt(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "interrupted", deadline);
  }

  async abandon({ jobName, id }: HeldLock, deadline: Deadline): Promise<boolean> {
    const path = [checkPathName(jobName), id, "abandon"];
    const answer = await this.#server.ask({ method: "PUT", path, writes: true }, deadline);
    if (answer.status === 200) return this.#server.understood(answer, () => heldIn(answer.json));
    if (answer.status !== 404 || this.#server.isMarked) {
      throw this.#server.notAServer(`its answer to an abandoned start is ${answer.status}`, answer.effectIfMalformed);
    }
    throw this.#server.failure("original-server", {
      problem: `cannot give up the start of ${JSON.stringify(jobName)}, being an original CronyxServer (404), so its lock may stay until another start takes it over`,
      effect: "possible",
    });
  }

  async renew(lock: HeldLock, deadline: Deadline): Promise<ActiveLock> {
    const answer = await this.#changeLock(lock, "renew", {}, deadline);
    if (answer.status !== 200) throw new LockLostError(lock, await this.#jobs.lossOf(lock, "none", deadline));
    return this.#updatedLock(lock, answer);
  }

  async resume(lock: HeldLock, holder: Holder | null, deadline: Deadline): Promise<ActiveLock> {
    const answer = await this.#changeLock(lock, "resume", holderHeader(holder), deadline);
    if (answer.status === 200) return this.#updatedLock(lock, answer);
    const grantedSince = this.#server.understood(answer, () => namedHolderIn(answer.json, "grantedSince"));
    throw new LockLostError(lock, await this.#jobs.lossOf(lock, "none", deadline), { grantedSince });
  }

  async skip(jobName: string, until: Instant, deadline: Deadline): Promise<JobStatus> {
    const query = `?${new URLSearchParams({ until: toIso(until) })}`;
    const request = { method: "PUT", path: [checkPathName(jobName), "skip"], query, writes: true } as const;
    const answer = await this.#server.ask(request, deadline);
    if (answer.status === 404) throw this.#server.originalServer("cannot skip intervals", answer);
    if (answer.status === 200) {
      return this.#server.understood(answer, () => {
        const status = oneStatusIn(answer.json);
        checkSkipped(status.state, jobName, until);
        return status;
      });
    }
    const active = this.#server.understood(answer, () => ({
      holder: namedHolderIn(answer.json, "holder"),
      since: activeSinceIn(answer.json),
    }));
    throw new JobActiveError(jobName, active);
  }

  states(deadline: Deadline): Promise<JobStates> {
    return this.#jobs.states(deadline);
  }

  status(jobName: string, deadline: Deadline): Promise<JobStatus | null> {
    return this.#jobs.status(jobName, deadline);
  }

  async close(): Promise<void> {
    this.#server.close();
  }

  /** @returns the answer, of status 200, or 404 from a server that knows the call. */
  async #changeLock(
    { jobName, id }: HeldLock,
    call: "renew" | "resume",
    headers: Readonly<Record<string, string>>,
    deadline: Deadline,
  ): Promise<ServerAnswer> {
    const path = [checkPathName(jobName), id, call];
    const answer = await this.#server.ask({ method: "PUT", path, headers, writes: true }, deadline);
    // An original server answers in text, as for every path that it does not know.
    if (answer.status === 404 && messageIn(answer.json) === null)
      throw this.#server.originalServer(`cannot ${call} a lock`, answer);
    if (answer.status === 409 || (answer.status === 404 && !saysThatLockIsMissing(answer))) {
      throw this.#server.notAServer(
        `there is no lock to ${call} at its address, ${answer.status}`,
        answer.effectIfMalformed,
      );
    }
    return answer;
  }

  #updatedLock({ jobName, id }: HeldLock, answer: ServerAnswer): ActiveLock {
    return this.#server.understood(answer, () => {
      const updated = activeLockIn(answer.json, jobName);
      checkIsOf(id, updated.lock);
      return updated;
    });
  }

  /**
   * @returns the names under which the server keeps these jobs. The two kinds of servers differ in some names. If it is not
   *   known yet which kind this is, a health check shows it.
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
   * An original server ignores `startsAt` and `catchUp`, and grants another interval than was asked for: that lock is
   * interrupted again.
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
    const confirmed = this.#server.understood(answer, () => confirmedPolicyIn(answer.json));
    const isStartConfirmed = startsAt === undefined || confirmed.startsAt === startsAt;
    if (isStartConfirmed && (catchUp === "each" || confirmed.catchUp === catchUp)) return;

    const unknown = `does not know ${isStartConfirmed ? "catchUp" : "startsAt"}`;
    if (lock === null) throw this.#tooOld(`${unknown}, and answered with another interval`, "none");
    try {
      await this.#giveBack(lock, deadline);
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
        const { updatedAt } = await this.renew(lock, deadline);
        if (!this.#isStale(prepared, updatedAt, sentAt)) return { ...started, updatedAt };
      }
    } catch (error) {
      if (error instanceof LockLostError) return CONTESTED;
      if (!(error instanceof ServiceError)) throw error;
      // The lock was granted, and may still be active.
      if (error.code !== "original-server") throw error.withEffect("possible");
    }
    // An original server cannot renew the lock. It is given back, since another run may hold it too.
    await this.#giveBack(lock, deadline).catch((error: unknown) => {
      throw error instanceof ServiceError ? error.withEffect("possible") : error;
    });
    return CONTESTED;
  }

  /** Whether others may have taken a lock over that was updated after `sentAt`, by the monotonic clock. */
  #isStale({ retryInterval }: PreparedStart, updatedAt: Instant, sentAt: number): boolean {
    const retryAt = this.#retryAfter(retryInterval, updatedAt);
    // With a retry interval of 0 others may take the lock over at any time, so a renewal gains nothing.
    return retryAt > updatedAt && retryAt <= updatedAt + this.#monotonic() - sentAt;
  }

  /** @throws ServiceError for an instant so late that no retry interval can be counted from it. */
  #retryAfter(retryInterval: PreparedStart["retryInterval"], updatedAt: Instant): Instant {
    try {
      return retryInterval?.after(updatedAt) ?? Number.POSITIVE_INFINITY;
    } catch (cause) {
      throw this.#server.notAServer(`it updated the lock at ${toIso(updatedAt)}`, "possible", cause);
    }
  }

  /** Interrupts a lock that this start cannot use. A lock that has ended already needs no interrupt. */
  async #giveBack(lock: HeldLock, deadline: Deadline): Promise<void> {
    try {
      await this.interrupt(lock, deadline);
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
    }
  }

  /** Makes sure that a refused start holds no lock, neither now nor later. */
  async #settleRefusal(
    { reason }: NotStarted,
    lock: HeldLock,
    { earlierEffect, deadline }: { readonly earlierEffect: Effect; readonly deadline: Deadline },
  ): Promise<void> {
    // An original server refuses with an empty answer. A proxy may send one too, after the server has granted the lock.
    if (reason !== "unknown" && earlierEffect === "none") return;
    try {
      await this.abandon(lock, deadline);
    } catch (cause) {
      if (!(cause instanceof ServiceError)) throw cause;
      if (cause.code !== "original-server") throw this.#unsettled(lock, reason, cause);
      if (earlierEffect === "possible") throw this.#unsettledByOriginal(lock);
    }
  }

  async #end(lock: HeldLock, end: End, deadline: Deadline): Promise<void> {
    // The path has the name of the request. An original server's answer has the name percent-encoded, and a name that is
    // encoded twice finds no lock.
    const path = [checkPathName(lock.jobName), lock.id, SEGMENT_OF_END[end]];
    const answer = await this.#server.ask({ method: "PUT", path, writes: true }, deadline);
    if (answer.status === 200) {
      if (answer.json === undefined) return;
      throw this.#server.notAServer("its answer to an end has a body", answer.effectIfMalformed);
    }
    if (answer.status !== 404 || !saysThatLockIsMissing(answer)) {
      throw this.#server.notAServer(
        `there is no lock to end at its address, ${answer.status}`,
        answer.effectIfMalformed,
      );
    }
    const loss = await this.#jobs.lossOf(lock, answer.earlierEffect, deadline);
    if (answer.earlierEffect === "possible") {
      // An earlier request, whose answer was lost, made this end.
      if (loss.ending === end) return;
      // An original server does not say how a lock ended, so the earlier request counts as carried out.
      if (loss.ending === "unknown" && !this.#server.isMarked) return;
    }
    throw new LockLostError(lock, loss);
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

const isEmpty = (json: unknown) => json === undefined || json === null;

/** Both servers begin the message of this 404 so. A proxy that does not know the address may answer in JSON too. */
function saysThatLockIsMissing({ json }: ServerAnswer): boolean {
  return messageIn(json)?.startsWith("Cannot find job lock") ?? false;
}

/** @throws AnswerError for another lock than the one that the request was about. */
function checkIsOf(id: string, lock: HeldLock): void {
  if (canonicalId(lock.id) === canonicalId(id)) return;
  throw new AnswerError(`its answer is about the lock ${lock.id}, and not about ${id}`);
}

/** @throws AnswerError for the state of another job, or one that is not skipped. */
function checkSkipped({ name, finishedUntil }: JobState, jobName: string, until: Instant): void {
  if (name !== jobName) throw new AnswerError(`its answer is about the job ${name}, and not about ${jobName}`);
  if (finishedUntil !== null && Date.parse(finishedUntil) >= until) return;
  throw new AnswerError(`its state of the job is not skipped until ${toIso(until)}`);
}
