import { ArgumentError } from "../../errors/argument-error.ts";
import { type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { toIso } from "../../scheduler/instant.ts";
import { checkJobName } from "../../scheduler/job-name.ts";
import { lossOf } from "../../scheduler/lock-loss.ts";
import { prepareStart, type StartRequest } from "../../scheduler/start-request.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import {
  type Claim,
  type HeldLock,
  type JobBackend,
  type JobStates,
  type LockLoss,
  LockLostError,
  type StartAnswer,
} from "../job-backend.ts";
import { AnswerError, heldIn, jobStatesIn, startAnswerIn } from "./server-answers.ts";
import { messageIn, type ServerAnswer, ServerConnection, type ServerConnectionOptions } from "./server-connection.ts";

/** The most that this project's server lists in one answer. */
const LISTED_AT_ONCE = 500;

const END_OF_PATH = { finished: "finish", interrupted: "interrupt" } as const;
type End = keyof typeof END_OF_PATH;

/** Lets a CronyxServer decide, this project's or the original one. docs/rest-api.md says where the two differ. */
export class RemoteBackend implements JobBackend {
  readonly #server: ServerConnection;

  constructor(options: ServerConnectionOptions) {
    this.#server = new ServerConnection(options);
  }

  async start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer> {
    // Checked here too: the original server refuses a bad request with a 500, or only once it uses the field.
    const { jobName, noLock } = await prepareStart(request);
    const sent = {
      method: "POST",
      path: [checkPathName(jobName)],
      query: "?explain=true",
      headers: headersOf(claim),
      body: startBody(request),
      writes: !noLock,
    } as const;
    if (!noLock) claim.beforeTaking?.();
    const answer = await this.#server.ask(sent, deadline);
    const started = this.#understood(answer, () => {
      if (answer.status === 404) throw new AnswerError("there is nothing to start at its address, 404");
      return startAnswerIn(answer.json, jobName, noLock);
    });
    if (answer.earlierEffect === "possible" && !started.started) {
      if (started.reason === "unknown") throw this.#unsettledStart(jobName);
      await this.#takeBack({ jobName, id: claim.lockId, record: null }, deadline);
    }
    return started;
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

  async states(deadline: Deadline): Promise<JobStates> {
    const limit = String(LISTED_AT_ONCE);
    const allStates: JobState[] = [];
    const allDamaged: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const answer = await this.#askStates({ limit, ...(after && { after }) }, deadline);
      const { states, damaged, next } = this.#statesIn(answer, after);
      allStates.push(...states);
      allDamaged.push(...damaged);
      after = next;
    }
    return { states: allStates, damaged: allDamaged };
  }

  /** By a query: some names are paths of the server itself, and others cannot be in a path. */
  async status(jobName: string, deadline: Deadline): Promise<JobState | null> {
    return this.#stateIn(await this.#askStates({ name: checkJobName(jobName) }, deadline), jobName);
  }

  async close(): Promise<void> {
    this.#server.close();
  }

  #askStates(query: Readonly<Record<string, string>>, deadline: Deadline): Promise<ServerAnswer> {
    const request = { method: "GET", path: [], query: `?${new URLSearchParams(query)}`, writes: false } as const;
    return this.#server.ask(request, deadline);
  }

  #stateIn(answer: ServerAnswer, jobName: string): JobState | null {
    const { states, damaged } = this.#statesIn(answer);
    if (damaged.includes(jobName)) throw this.#damaged(jobName);
    return states.find(({ name }) => name === jobName) ?? null;
  }

  #statesIn(answer: ServerAnswer, after = "") {
    if (answer.status === 404) {
      throw this.#server.failure("original-server", {
        problem: "does not show its jobs (404), as an original CronyxServer",
        effect: "none",
      });
    }
    return this.#understood(answer, () => jobStatesIn(answer.json, after));
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
      const answer = await this.#askStates({ name: lock.jobName }, deadline);
      // An original server shows no jobs.
      if (answer.status === 404) return { ending: "unknown" };
      return lossOf(lock.id, this.#stateIn(answer, lock.jobName));
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
    ...(holder && { "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) }),
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
