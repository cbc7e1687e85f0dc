import { type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import { checkJobName } from "../../scheduler/job-name.ts";
import { type LockLoss, lossOf } from "../../scheduler/lock-loss.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import { type HeldLock, JobActiveError, type JobStates, LockLostError } from "../job-backend.ts";
import { canonicalId } from "../lock-id.ts";
import { checkPathName } from "./path-name.ts";
import { AnswerError, activeSinceIn, jobListIn, namedHolderIn, oneStatusIn } from "./server-answers.ts";
import type { ServerAnswer, ServerConnection } from "./server-connection.ts";

/** The most that this project's server lists in one answer. */
const LISTED_AT_ONCE = 500;

/** The calls about the states of jobs. An original server has none of them. */
export class ServerJobs {
  readonly #server: ServerConnection;

  constructor(server: ServerConnection) {
    this.#server = server;
  }

  async states(deadline: Deadline): Promise<JobStates> {
    const limit = String(LISTED_AT_ONCE);
    const all: JobStatus[] = [];
    const allDamaged: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const answer = await this.#list({ limit, ...(after && { after }) }, deadline);
      const { jobs, damaged, next } = this.#jobsIn(answer, after);
      all.push(...jobs);
      allDamaged.push(...damaged);
      after = next;
    }
    return { jobs: all, damaged: allDamaged };
  }

  /** The name goes into the query: some names are the server's own paths, and others cannot be in a path. */
  async status(jobName: string, deadline: Deadline): Promise<JobStatus | null> {
    return this.#jobIn(await this.#list({ name: checkJobName(jobName) }, deadline), jobName);
  }

  async skip(jobName: string, until: Instant, deadline: Deadline): Promise<JobStatus> {
    const query = `?${new URLSearchParams({ until: toIso(until) })}`;
    const request = { method: "PUT", path: [checkPathName(jobName), "skip"], query, writes: true } as const;
    const answer = await this.#server.ask(request, deadline);
    if (answer.status === 404) throw this.#server.originalServer("cannot skip intervals", answer);
    if (answer.status === 200) {
      return this.#server.parse(answer, (json) => {
        const status = oneStatusIn(json);
        checkSkipped(status.state, jobName, until);
        return status;
      });
    }
    const active = this.#server.parse(answer, (json) => ({
      holder: namedHolderIn(json, "holder"),
      since: activeSinceIn(json),
    }));
    throw new JobActiveError(jobName, active);
  }

  /**
   * @param earlierEffect The effect of earlier attempts to end the lock.
   * @returns how a lock ended that is not active, by the answer to a request that writes.
   * @throws LockLostError or ServiceError when the job cannot be read, depending on what an earlier attempt may have done.
   * @throws ServiceError when the lock is active: then a proxy sent that answer, or the lock was resumed since.
   */
  async lossOf(lock: HeldLock, earlierEffect: Effect, deadline: Deadline): Promise<LockLoss> {
    const state = await this.#stateFor(lock, earlierEffect, deadline);
    if (state?.active?.id !== canonicalId(lock.id)) return lossOf(canonicalId(lock.id), state);
    const why = `it answers that the lock ${lock.id} is not active, and shows it as active`;
    throw this.#server.notAServer(why, "possible");
  }

  async #stateFor(lock: HeldLock, earlierEffect: Effect, deadline: Deadline): Promise<JobState | null> {
    try {
      const answer = await this.#list({ name: lock.jobName }, deadline);
      // An original server shows no jobs.
      if (answer.status === 404) return null;
      return this.#jobIn(answer, lock.jobName)?.state ?? null;
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

  #list(query: Readonly<Record<string, string>>, deadline: Deadline): Promise<ServerAnswer> {
    const request = { method: "GET", path: [], query: `?${new URLSearchParams(query)}`, writes: false } as const;
    return this.#server.ask(request, deadline);
  }

  #jobIn(answer: ServerAnswer, jobName: string): JobStatus | null {
    const { jobs, damaged } = this.#jobsIn(answer);
    if (!damaged.includes(jobName)) return jobs.find(({ state }) => state.name === jobName) ?? null;
    throw new ServiceError("document-damaged", {
      place: `The state document of the job ${JSON.stringify(jobName)}`,
      problem: `is damaged on ${this.#server.place}`,
      effect: "none",
    });
  }

  #jobsIn(answer: ServerAnswer, after = "") {
    if (answer.status === 404) throw this.#server.originalServer("does not show its jobs", answer);
    return this.#server.parse(answer, (json) => jobListIn(json, after));
  }
}

/** @throws AnswerError for the state of another job, or one that is not skipped. */
function checkSkipped({ name, finishedUntil }: JobState, jobName: string, until: Instant): void {
  if (name !== jobName) throw new AnswerError(`its answer is about the job ${name}, and not about ${jobName}`);
  if (finishedUntil !== null && Date.parse(finishedUntil) >= until) return;
  throw new AnswerError(`its state of the job is not skipped until ${toIso(until)}`);
}
