import type { Deadline } from "../../network/deadline.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import { type ActiveLock, ENDING_OF, type End, type HeldLock, LockLostError } from "../job-backend.ts";
import { checkPathName } from "./path-name.ts";
import { activeLockIn, checkIsOf, heldIn, namedHolderIn } from "./server-answers.ts";
import { messageIn, type ServerAnswer, type ServerConnection } from "./server-connection.ts";
import type { ServerJobs } from "./server-jobs.ts";
import { holderHeader } from "./start-parts.ts";

/** The calls that end, renew or resume a lock of a CronyxServer. */
export class ServerLocks {
  readonly #server: ServerConnection;
  readonly #jobs: ServerJobs;

  constructor(server: ServerConnection, jobs: ServerJobs) {
    this.#server = server;
    this.#jobs = jobs;
  }

  /** @throws LockLostError */
  async end(lock: HeldLock, end: End, deadline: Deadline): Promise<void> {
    // The path has the name of the request. An original server's answer has the name percent-encoded, and a name that is
    // encoded twice finds no lock.
    const path = [checkPathName(lock.jobName), lock.id, end];
    const answer = await this.#server.ask({ method: "PUT", path, writes: true }, deadline);
    if (answer.status === 200) {
      if (answer.json === undefined) return;
      throw this.#server.notAServer("its answer to an end has a body", answer.effectIfMalformed);
    }
    if (answer.status !== 404 || !saysThatLockIsMissing(answer)) {
      const why = `it answered ${answer.status} to ${end}`;
      throw this.#server.notAServer(why, answer.effectIfMalformed);
    }
    const loss = await this.#jobs.lossOf(lock, answer.earlierEffect, deadline);
    if (answer.earlierEffect === "possible") {
      // An earlier request, whose answer was lost, made this end.
      if (loss.ending === ENDING_OF[end]) return;
      // An original server does not say how a lock ended, so the earlier request counts as carried out.
      if (loss.ending === "unknown" && !this.#server.isMarked) return;
    }
    throw new LockLostError(lock, loss);
  }

  /** Interrupts a lock that its start cannot use. A lock that has ended already needs no interrupt. */
  async giveBack(lock: HeldLock, deadline: Deadline): Promise<void> {
    try {
      await this.end(lock, "interrupt", deadline);
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
    }
  }

  async abandon({ jobName, id }: HeldLock, deadline: Deadline): Promise<boolean> {
    const path = [checkPathName(jobName), id, "abandon"];
    const answer = await this.#server.ask({ method: "PUT", path, writes: true }, deadline);
    if (answer.status === 200) return this.#server.parse(answer, heldIn);
    if (answer.status !== 404 || this.#server.isMarked) {
      throw this.#server.notAServer(`it answered ${answer.status} to abandon`, answer.effectIfMalformed);
    }
    throw this.#server.failure("original-server", {
      problem: `cannot give up the start of ${JSON.stringify(jobName)}, being an original CronyxServer (404), so its lock may stay until another start takes it over`,
      effect: "possible",
    });
  }

  async renew(lock: HeldLock, deadline: Deadline): Promise<ActiveLock> {
    const answer = await this.#changeLock(lock, { call: "renew" }, deadline);
    if (answer.status !== 200) throw new LockLostError(lock, await this.#jobs.lossOf(lock, "none", deadline));
    return this.#updatedLock(lock, answer);
  }

  async resume(lock: HeldLock, holder: Holder | null, deadline: Deadline): Promise<ActiveLock> {
    const answer = await this.#changeLock(lock, { call: "resume", headers: holderHeader(holder) }, deadline);
    if (answer.status === 200) return this.#updatedLock(lock, answer);
    const grantedSince = this.#server.parse(answer, (json) => namedHolderIn(json, "grantedSince"));
    throw new LockLostError(lock, await this.#jobs.lossOf(lock, "none", deadline), { grantedSince });
  }

  /** @returns an answer of status 200, or 404 from a server that has the call. */
  async #changeLock(
    { jobName, id }: HeldLock,
    { call, headers = {} }: LockChange,
    deadline: Deadline,
  ): Promise<ServerAnswer> {
    const path = [checkPathName(jobName), id, call];
    const answer = await this.#server.ask({ method: "PUT", path, headers, writes: true }, deadline);
    // An original server answers in text, as for every path that it does not know.
    if (answer.status === 404 && messageIn(answer.json) === null)
      throw this.#server.originalServer(`cannot ${call} a lock`, answer);
    if (answer.status === 409 || (answer.status === 404 && !saysThatLockIsMissing(answer))) {
      throw this.#server.notAServer(`it answered ${answer.status} to ${call}`, answer.effectIfMalformed);
    }
    return answer;
  }

  #updatedLock({ jobName, id }: HeldLock, answer: ServerAnswer): ActiveLock {
    return this.#server.parse(answer, (json) => {
      const updated = activeLockIn(json, jobName);
      checkIsOf(id, updated.lock);
      return updated;
    });
  }
}

interface LockChange {
  readonly call: "renew" | "resume";
  readonly headers?: Readonly<Record<string, string>>;
}

/** Both kinds of servers begin this message with these words. A proxy's 404 may be JSON too, with other words. */
function saysThatLockIsMissing({ json }: ServerAnswer): boolean {
  return messageIn(json)?.startsWith("Cannot find job lock") ?? false;
}
