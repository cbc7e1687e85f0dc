import { type Deadline, monotonicNow } from "../../network/deadline.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import type { ActiveLock, Claim, HeldLock, JobBackend, JobStates, StartAnswer } from "../job-backend.ts";
import { ServerConnection, type ServerConnectionOptions } from "./server-connection.ts";
import { ServerJobs } from "./server-jobs.ts";
import { ServerLocks } from "./server-locks.ts";
import { ServerStart } from "./server-start.ts";

interface RemoteBackendOptions extends ServerConnectionOptions {
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic?: () => number;
}

/** Lets a CronyxServer decide, this project's or the original one. docs/rest-api.md says where the two differ. */
export class RemoteBackend implements JobBackend {
  readonly #server: ServerConnection;
  readonly #jobs: ServerJobs;
  readonly #locks: ServerLocks;
  readonly #start: ServerStart;

  constructor({ monotonic = monotonicNow, ...options }: RemoteBackendOptions) {
    this.#server = new ServerConnection(options);
    this.#jobs = new ServerJobs(this.#server);
    this.#locks = new ServerLocks(this.#server, this.#jobs);
    this.#start = new ServerStart(this.#server, this.#locks, monotonic);
  }

  start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer> {
    return this.#start.start(request, claim, deadline);
  }

  finish(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#locks.end(lock, "finish", deadline);
  }

  interrupt(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#locks.end(lock, "interrupt", deadline);
  }

  abandon(lock: HeldLock, deadline: Deadline): Promise<boolean> {
    return this.#locks.abandon(lock, deadline);
  }

  renew(lock: HeldLock, deadline: Deadline): Promise<ActiveLock> {
    return this.#locks.renew(lock, deadline);
  }

  resume(lock: HeldLock, holder: Holder | null, deadline: Deadline): Promise<ActiveLock> {
    return this.#locks.resume(lock, holder, deadline);
  }

  skip(jobName: string, until: Instant, deadline: Deadline): Promise<JobStatus> {
    return this.#jobs.skip(jobName, until, deadline);
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
}
