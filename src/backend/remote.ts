import type { Deadline } from "../network/deadline.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import { toIso } from "../scheduler/instant.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import { prepareStart, type StartRequest } from "../scheduler/start-request.ts";
import type { JobState } from "../scheduler/state-document.ts";
import { StoreError } from "../store/job-store.ts";
import {
  type Claim,
  type HeldLock,
  type JobBackend,
  type JobStates,
  type LockLoss,
  LockLostError,
  type StartAnswer,
} from "./job-backend.ts";
import { lossOf } from "./lock-loss.ts";
import { AnswerError, heldIn, jobStatesIn, startAnswerIn } from "./server-answers.ts";
import { type Credentials, messageIn, type ServerAnswer, ServerConnection } from "./server-connection.ts";
import type { Terms } from "./terms.ts";

/** As many as our server lists in one go. */
const LISTED_AT_ONCE = 500;

/**
 * Lets a CronyxServer decide, this project's or the original one: docs/rest-api.md tells what they have in common, and
 * what only ours does.
 */
export class RemoteBackend implements JobBackend {
  readonly #server: ServerConnection;
  readonly #terms: Terms;

  /** @param place The server's address, without credentials and without a slash at its end. */
  constructor(place: string, credentials: Credentials, userAgent: string, log: (line: string) => void, terms: Terms) {
    this.#server = new ServerConnection(place, credentials, userAgent, log, terms);
    this.#terms = terms;
  }

  async start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer> {
    // The original server finds fault with a request only when it comes to use the field, or answers 500.
    const { jobName, noLock } = await prepareStart(request);
    const asked = {
      method: "POST",
      path: [checkPathName(jobName)],
      query: "?explain=true",
      headers: headersOf(claim),
      body: startBody(request),
      changes: !noLock,
    } as const;
    if (!noLock) claim.beforeTaking?.();
    const answer = await this.#server.ask(asked, deadline);
    const started = this.#understood(answer, () => {
      if (answer.status === 404) throw new AnswerError("there is nothing to start at its address, 404");
      return startAnswerIn(answer.json, jobName, noLock);
    });
    if (answer.repeated && !started.started) {
      if (started.reason === "unknown") throw this.#unsettled(jobName);
      await this.#takeBack({ jobName, id: claim.lockId, record: null }, deadline);
    }
    return started;
  }

  finish(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "finish", deadline);
  }

  interrupt(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "interrupt", deadline);
  }

  async states(deadline: Deadline): Promise<JobStates> {
    const limit = String(LISTED_AT_ONCE);
    const found: JobState[] = [];
    const unread: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const answer = await this.#askStates({ limit, ...(after && { after }) }, deadline);
      const { states, unreadable, next } = this.#statesIn(answer, after);
      found.push(...states);
      unread.push(...unreadable);
      after = next;
    }
    return { states: found, unreadable: unread };
  }

  async abandon({ jobName, id }: HeldLock, deadline: Deadline): Promise<boolean> {
    const path = [checkPathName(jobName), id, "abandon"];
    const answer = await this.#server.ask({ method: "PUT", path, changes: true }, deadline);
    if (answer.status === 200) return this.#understood(answer, () => heldIn(answer.json));
    throw new StoreError(
      "refused",
      `${this.#server.place} can't tell whether the start that was cut off took the lock of ${JSON.stringify(jobName)}, being an original CronyxServer (404): if it did, ${this.#terms.retryInterval} frees it`,
      { unsettled: true },
    );
  }

  /** By a query: as a path, some names are the server's own, and others never get there. */
  async status(jobName: string, deadline: Deadline): Promise<JobState | null> {
    return this.#stateIn(await this.#askStates({ name: checkJobName(jobName) }, deadline), jobName);
  }

  async close(): Promise<void> {
    this.#server.close();
  }

  #askStates(query: Readonly<Record<string, string>>, deadline: Deadline): Promise<ServerAnswer> {
    const asked = { method: "GET", path: [], query: `?${new URLSearchParams(query)}`, changes: false } as const;
    return this.#server.ask(asked, deadline);
  }

  #stateIn(answer: ServerAnswer, jobName: string): JobState | null {
    const { states, unreadable } = this.#statesIn(answer);
    if (unreadable.includes(jobName)) throw this.#damaged(jobName);
    return states.find(({ name }) => name === jobName) ?? null;
  }

  #statesIn(answer: ServerAnswer, after = "") {
    if (answer.status === 404) throw this.#tellsNothing();
    return this.#understood(answer, () => jobStatesIn(answer.json, after));
  }

  async #end(lock: HeldLock, end: "finish" | "interrupt", deadline: Deadline): Promise<void> {
    // By the name that was asked for: the original server gives it back encoded, and encoded twice it finds nothing.
    const path = [checkPathName(lock.jobName), lock.id, end];
    const answer = await this.#server.ask({ method: "PUT", path, changes: true }, deadline);
    if (answer.status === 200) return;
    if (messageIn(answer.json) === null) {
      throw this.#server.isNoServer(`there is nothing to ${end} at its address, 404`, { unsettled: answer.repeated });
    }
    const message = `The lock ${lock.id} of the job ${JSON.stringify(lock.jobName)} isn't active any more`;
    let loss: LockLoss;
    try {
      loss = await this.#lossOf(lock, deadline);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      if (!answer.repeated) throw new LockLostError(message, { to: "unknown" }, { cause });
      throw new StoreError(cause.code, `${message}, and whether this ${end} ended it isn't known: ${cause.message}`, {
        cause,
        unsettled: true,
      });
    }
    // The end that was asked for before is there: its answer got lost. What became of earlier calls, a Job remembers.
    if (answer.repeated && (loss.to === "unknown" || loss.to === end)) return;
    throw new LockLostError(message, loss);
  }

  /** An original server doesn't tell. @throws StoreError when whoever knows couldn't be asked. */
  async #lossOf({ jobName, id }: HeldLock, deadline: Deadline): Promise<LockLoss> {
    const answer = await this.#askStates({ name: jobName }, deadline);
    if (answer.status === 404) return { to: "unknown" };
    return lossOf(id, this.#stateIn(answer, jobName));
  }

  /**
   * Sees to it that the earlier tries of a start that was refused take nothing: what stands between here and the server
   * may have kept one, and send it on when the job is free.
   */
  async #takeBack(lock: HeldLock, deadline: Deadline): Promise<void> {
    try {
      await this.abandon(lock, deadline);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      throw new StoreError(
        cause.code,
        `${JSON.stringify(lock.jobName)} was not started, but an earlier try whose answer was lost may still take the lock, which then stays until ${this.#terms.retryInterval} frees it: it couldn't be taken back, since ${cause.message}`,
        { cause, unsettled: true },
      );
    }
  }

  #unsettled(jobName: string): StoreError {
    return new StoreError(
      "unreachable",
      `${this.#server.place} doesn't say why ${JSON.stringify(jobName)} was not started, and the answer to an earlier try was lost: that one may have taken the lock, which then stays until ${this.#terms.retryInterval} frees it`,
      { unsettled: true },
    );
  }

  #damaged(jobName: string): StoreError {
    return new StoreError(
      "damaged",
      `${this.#server.place} can't read what it keeps of the job ${JSON.stringify(jobName)}: see its log, and mend or remove that`,
    );
  }

  #tellsNothing(): StoreError {
    return new StoreError(
      "refused",
      `${this.#server.place} tells nothing of its jobs (404): it is an original CronyxServer, or none; check ${this.#terms.url}, or use this project's server`,
    );
  }

  #understood<T>({ repeated: unsettled }: ServerAnswer, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof AnswerError) throw this.#server.isNoServer(cause.message, { cause, unsettled });
      throw cause;
    }
  }
}

/**
 * Segments of dots never get to a server: they stand for other paths, also percent-encoded.
 *
 * @see https://url.spec.whatwg.org/#double-dot-path-segment
 */
function checkPathName(jobName: string): string {
  if (jobName !== "." && jobName !== "..") return jobName;
  throw new ArgumentError(
    `The job name ${JSON.stringify(jobName)} can't stand in a URL's path: give the job another one`,
  );
}

function headersOf({ lockId, idempotencyKey, holder }: Claim): Record<string, string> {
  if (idempotencyKey !== null && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new ArgumentError(
      `The idempotency key is ${JSON.stringify(idempotencyKey)}: give 1 to 255 characters of ASCII, none of them a space`,
    );
  }
  return {
    "idempotency-key": idempotencyKey ?? lockId,
    ...(holder && { "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) }),
  };
}

/** What was left out is left to the server: the original one refuses a field that it doesn't know, or that is null. */
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
