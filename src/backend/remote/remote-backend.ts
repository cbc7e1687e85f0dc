import { ArgumentError } from "../../errors/argument-error.ts";
import { type Effect, ServiceError } from "../../errors/service-error.ts";
import { type Deadline, monotonicNow } from "../../network/deadline.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import { checkJobName } from "../../scheduler/job-name.ts";
import { type LockLoss, lossOf } from "../../scheduler/lock-loss.ts";
import { prepareStart, type StartRequest } from "../../scheduler/start-request.ts";
import type { Holder } from "../../scheduler/state-document.ts";
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
} from "../job-backend.ts";
import {
  AnswerError,
  activeLockIn,
  confirmedPolicyIn,
  heldIn,
  jobListIn,
  namedHolderIn,
  oneStatusIn,
  startAnswerIn,
} from "./server-answers.ts";
import { messageIn, type ServerAnswer, ServerConnection, type ServerConnectionOptions } from "./server-connection.ts";

/** The most that this project's server lists in one answer. */
const LISTED_AT_ONCE = 500;

const END_OF_PATH = { finished: "finish", interrupted: "interrupt" } as const;
type End = keyof typeof END_OF_PATH;

export interface RemoteBackendOptions extends ServerConnectionOptions {
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic?: () => number;
}

/** Lets a CronyxServer decide, this project's or the original one. docs/rest-api.md says where the two differ. */
export class RemoteBackend implements JobBackend {
  readonly #server: ServerConnection;
  readonly #monotonic: () => number;

  constructor({ monotonic = monotonicNow, ...options }: RemoteBackendOptions) {
    this.#server = new ServerConnection(options);
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
      headers: headersOf(claim),
      body: startBody(request),
      writes: !noLock,
    } as const;
    if (!noLock) claim.beforeTaking?.();
    const sentAt = this.#monotonic();
    const answer = await this.#server.ask(sent, deadline);
    const started = this.#understood(answer, () => {
      if (answer.status !== 200) throw new AnswerError(`there is nothing to start at its address, ${answer.status}`);
      return startAnswerIn(answer.json, jobName, noLock);
    });
    if (!started.started) {
      if (answer.earlierEffect === "possible") await this.#settleRefusal(started, claim, { jobName, deadline });
      return started;
    }
    await this.#checkConfirmed(request, { answer, started, deadline });
    // With a retry interval of 0 other runs may take the lock over at any time, so there is nothing to wait for.
    const { createdAt, lock } = started;
    const retryAt = prepared.retryInterval?.after(createdAt) ?? createdAt;
    const isStale = retryAt > createdAt && retryAt <= createdAt + this.#monotonic() - sentAt;
    return isStale && lock !== null ? this.#renewed(started, lock, deadline) : started;
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
    if (answer.status === 200) return this.#understood(answer, () => heldIn(answer.json));
    throw this.#server.failure("original-server", {
      problem: `cannot give up the start of ${JSON.stringify(jobName)}, being an original CronyxServer (404), so its lock may stay until another start takes it over`,
      effect: "possible",
    });
  }

  async renew(lock: HeldLock, deadline: Deadline): Promise<ActiveLock> {
    const answer = await this.#changeLock(lock, "renew", {}, deadline);
    if (answer.status !== 200) throw new LockLostError(lock, await this.#lossAfter(lock, "none", deadline));
    return this.#understood(answer, () => activeLockIn(answer.json, lock.jobName));
  }

  async resume(lock: HeldLock, holder: Holder | null, deadline: Deadline): Promise<ActiveLock> {
    const answer = await this.#changeLock(lock, "resume", holderHeader(holder), deadline);
    if (answer.status === 200) return this.#understood(answer, () => activeLockIn(answer.json, lock.jobName));
    const grantedSince = this.#understood(answer, () => namedHolderIn(answer.json, "grantedSince"));
    throw new LockLostError(lock, await this.#lossAfter(lock, "none", deadline), { grantedSince });
  }

  async skip(jobName: string, until: Instant, deadline: Deadline): Promise<JobStatus> {
    const query = `?${new URLSearchParams({ until: toIso(until) })}`;
    const request = { method: "PUT", path: [checkPathName(jobName), "skip"], query, writes: true } as const;
    const answer = await this.#server.ask(request, deadline);
    if (answer.status === 404) throw this.#originalServer("cannot skip intervals");
    if (answer.status === 200) return this.#understood(answer, () => oneStatusIn(answer.json));
    const holder = this.#understood(answer, () => namedHolderIn(answer.json, "holder"));
    throw new JobActiveError(jobName, { holder, since: null });
  }

  async states(deadline: Deadline): Promise<JobStates> {
    const limit = String(LISTED_AT_ONCE);
    const all: JobStatus[] = [];
    const allDamaged: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const answer = await this.#askJobs({ limit, ...(after && { after }) }, deadline);
      const { jobs, damaged, next } = this.#jobsIn(answer, after);
      all.push(...jobs);
      allDamaged.push(...damaged);
      after = next;
    }
    return { jobs: all, damaged: allDamaged };
  }

  /** By a query: some names are paths of the server itself, and others cannot be in a path. */
  async status(jobName: string, deadline: Deadline): Promise<JobStatus | null> {
    return this.#jobIn(await this.#askJobs({ name: checkJobName(jobName) }, deadline), jobName);
  }

  async close(): Promise<void> {
    this.#server.close();
  }

  #askJobs(query: Readonly<Record<string, string>>, deadline: Deadline): Promise<ServerAnswer> {
    const request = { method: "GET", path: [], query: `?${new URLSearchParams(query)}`, writes: false } as const;
    return this.#server.ask(request, deadline);
  }

  #jobIn(answer: ServerAnswer, jobName: string): JobStatus | null {
    const { jobs, damaged } = this.#jobsIn(answer);
    if (damaged.includes(jobName)) throw this.#damaged(jobName);
    return jobs.find(({ state }) => state.name === jobName) ?? null;
  }

  #jobsIn(answer: ServerAnswer, after = "") {
    if (answer.status === 404) throw this.#originalServer("does not show its jobs");
    return this.#understood(answer, () => jobListIn(answer.json, after));
  }

  #originalServer(problem: string): ServiceError {
    return this.#server.failure("original-server", {
      problem: `${problem}, being an original CronyxServer (404)`,
      effect: "none",
    });
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
    if (answer.status !== 200 && messageIn(answer.json) === null) throw this.#originalServer(`cannot ${call} a lock`);
    return answer;
  }

  /**
   * An original server ignores `startsAt` and `catchUp`, and grants another interval than was asked for: that lock is
   * interrupted again.
   */
  async #checkConfirmed(
    { startsAt, catchUp = "each" }: StartRequest,
    {
      answer,
      started,
      deadline,
    }: {
      readonly answer: ServerAnswer;
      readonly started: StartAnswer & { started: true };
      readonly deadline: Deadline;
    },
  ): Promise<void> {
    if (startsAt === undefined && catchUp === "each") return;
    const confirmed = this.#understood(answer, () => confirmedPolicyIn(answer.json));
    const isStartConfirmed = startsAt === undefined || confirmed.startsAt === startsAt;
    if (isStartConfirmed && (catchUp === "each" || confirmed.catchUp === catchUp)) return;
    if (started.lock !== null) await this.interrupt(started.lock, deadline);
    throw this.#server.failure("server-too-old", {
      problem: `does not know ${isStartConfirmed ? "catchUp" : "startsAt"}, and granted another interval, which was interrupted again`,
      effect: "none",
    });
  }

  /** The answer came so late that another run may have taken the lock over. */
  async #renewed(started: StartAnswer & { started: true }, lock: HeldLock, deadline: Deadline): Promise<StartAnswer> {
    try {
      return { ...started, updatedAt: (await this.renew(lock, deadline)).updatedAt };
    } catch (error) {
      if (error instanceof LockLostError) return LOST_TO_OTHERS;
      // An original server cannot renew: its lock is given up, since it may be held twice.
      if (!(error instanceof ServiceError && error.code === "original-server")) throw error;
      await this.interrupt(lock, deadline).catch((lost) => {
        if (!(lost instanceof LockLostError)) throw lost;
      });
      return LOST_TO_OTHERS;
    }
  }

  async #settleRefusal(
    refusal: StartAnswer,
    { lockId }: Claim,
    { jobName, deadline }: { readonly jobName: string; readonly deadline: Deadline },
  ): Promise<void> {
    if (!refusal.started && refusal.reason === "unknown") throw this.#unsettledStart(jobName);
    await this.#takeBack({ jobName, id: lockId, record: null }, deadline);
  }

  async #end(lock: HeldLock, end: End, deadline: Deadline): Promise<void> {
    // By the name that was asked for: the original server returns it percent-encoded, and finds nothing if that is encoded
    // again.
    const path = [checkPathName(lock.jobName), lock.id, END_OF_PATH[end]];
    const answer = await this.#server.ask({ method: "PUT", path, writes: true }, deadline);
    if (answer.status === 200) return;
    if (messageIn(answer.json) === null) {
      throw this.#server.notAServer(`there is no lock to end at its address, 404`, answer.earlierEffect);
    }
    const loss = await this.#lossAfter(lock, answer.earlierEffect, deadline);
    // An earlier request, whose answer was lost, made this end.
    if (answer.earlierEffect === "possible" && (loss.ending === "unknown" || loss.ending === end)) return;
    throw new LockLostError(lock, loss);
  }

  /** @throws LockLostError or ServiceError when the job cannot be read, depending on what an earlier request may have done. */
  async #lossAfter(lock: HeldLock, earlierEffect: Effect, deadline: Deadline): Promise<LockLoss> {
    try {
      const answer = await this.#askJobs({ name: lock.jobName }, deadline);
      // An original server shows no jobs.
      if (answer.status === 404) return { ending: "unknown" };
      return lossOf(lock.id, this.#jobIn(answer, lock.jobName)?.state ?? null);
    } catch (cause) {
      if (!(cause instanceof ServiceError)) throw cause;
      if (earlierEffect === "none") throw new LockLostError(lock, { ending: "unknown" }, { cause });
      throw new ServiceError(cause.code, {
        place: `The lock ${lock.id} of the job ${JSON.stringify(lock.jobName)}`,
        problem: `is no longer active, and whether this step ended it is not known, since ${cause.message}`,
        effect: "possible",
        cause,
      });
    }
  }

  /** A proxy may have kept an earlier attempt of a refused start, and may send it on once the job is free. */
  async #takeBack(lock: HeldLock, deadline: Deadline): Promise<void> {
    try {
      await this.abandon(lock, deadline);
    } catch (cause) {
      if (!(cause instanceof ServiceError)) throw cause;
      throw new ServiceError("start-unsettled", {
        place: `The start of ${JSON.stringify(lock.jobName)}`,
        problem: `was refused, but an earlier attempt whose answer was lost may still take the lock, since ${cause.message}`,
        effect: "possible",
        cause,
      });
    }
  }

  #unsettledStart(jobName: string): ServiceError {
    return this.#server.failure("start-unsettled", {
      problem: `does not say why ${JSON.stringify(jobName)} was not started, and the answer to an earlier attempt was lost, so that attempt may have taken the lock`,
      effect: "possible",
    });
  }

  #damaged(jobName: string): ServiceError {
    return new ServiceError("document-damaged", {
      place: `The state document of the job ${JSON.stringify(jobName)}`,
      problem: `is damaged on ${this.#server.place}`,
      effect: "none",
    });
  }

  #understood<T>({ earlierEffect }: ServerAnswer, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof AnswerError) throw this.#server.notAServer(cause.message, earlierEffect, cause);
      throw cause;
    }
  }
}

/**
 * A URL resolves segments of dots before it is sent, percent-encoded ones too.
 *
 * @see https://url.spec.whatwg.org/#double-dot-path-segment
 */
function checkPathName(jobName: string): string {
  if (jobName !== "." && jobName !== "..") return jobName;
  throw new ArgumentError("invalid-job-name", {
    field: "jobName",
    value: jobName,
    problem: "cannot be part of a URL's path, which a CronyxServer needs",
  });
}

/** Another run took the lock over before this start could use it. */
const LOST_TO_OTHERS: StartAnswer = {
  started: false,
  reason: "active",
  id: null,
  since: null,
  updatedAt: null,
  holder: null,
  retryAt: null,
};

/** In the query, which an original server ignores: it refuses an unknown field of the body. */
function startQuery({ startsAt, catchUp = "each", takeOver }: StartRequest): string {
  const query = new URLSearchParams({ explain: "true" });
  if (startsAt !== undefined) query.set("startsAt", toIso(startsAt));
  if (catchUp !== "each") query.set("catchUp", catchUp);
  if (takeOver !== undefined) query.set("takeOver", `${takeOver.id},${toIso(takeOver.updatedAt)}`);
  return `?${query}`;
}

function holderHeader(holder: Holder | null): Record<string, string> {
  return holder === null ? {} : { "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) };
}

function headersOf({ lockId, idempotencyKey, holder }: Claim): Record<string, string> {
  if (idempotencyKey !== null && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new ArgumentError("invalid-idempotency-key", {
      field: "idempotencyKey",
      value: idempotencyKey,
      problem: "contains a space or a character beyond ASCII, or is too long",
    });
  }
  return {
    "idempotency-key": idempotencyKey ?? lockId,
    ...holderHeader(holder),
  };
}

/** Fields that were left out are not sent: the original server refuses an unknown field, and one that is null. */
function startBody(request: StartRequest): object {
  const { jobInterval, startBuffer, retryInterval, requiredJobNames = [], timezone, noLock = false } = request;
  const { jobIntervalStartedAt } = request;
  return {
    jobInterval,
    ...(startBuffer !== undefined && { startBuffer }),
    ...(retryInterval !== undefined && { retryInterval }),
    ...(requiredJobNames.length > 0 && { requiredJobNames }),
    ...(timezone !== undefined && { timezone }),
    ...(noLock && { noLock }),
    ...(jobIntervalStartedAt !== undefined && { jobIntervalStartedAt: toIso(jobIntervalStartedAt) }),
  };
}
