import type { FastifyBaseLogger } from "fastify";
import type { JobBackend } from "../backend/job-backend.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { JobStore } from "../store/job-store.ts";
import type { Scheme } from "./auth/authentication.ts";

/** What a server stands on. */
export interface ServerOptions {
  /** Who decides. */
  readonly backend: JobBackend;
  /** Where the backend keeps its locks, for what is asked of all jobs at once. */
  readonly store: JobStore;
  /** How to log in; any of them will do. None: everyone may do everything. */
  readonly schemes: readonly Scheme[];
  /** Whether it may be asked by any name where there is no way to log in. Default: by an address of its own alone. */
  readonly anyHost?: boolean;
  /** The zone of a start that names none. */
  readonly timezone: string;
  readonly now: () => Instant;
  readonly newId: () => string;
  /** Begins the time that a request may take of the backend. */
  readonly deadline: () => Deadline;
  readonly log: FastifyBaseLogger;
  readonly version: string;
  /** A request has to be here, whole, within this time, in milliseconds. Default: 30000. */
  readonly requestTimeout?: number;
  /** `/healthcheck` waits so long for the store, in milliseconds: whoever asks it gives up soon. Default: 3000. */
  readonly healthcheckTimeout?: number;
}
