import type { FastifyBaseLogger } from "fastify";
import type { JobBackend } from "../backend/job-backend.ts";
import type { Deadline } from "../network/deadline.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { JobStore } from "../store/job-store.ts";
import type { Scheme } from "./auth/authentication.ts";

export interface ServerOptions {
  /** Decides on starts, and ends runs. */
  readonly backend: JobBackend;
  /** The backend's store. The server reads it for lists of jobs. */
  readonly store: JobStore;
  /** The accepted authentication schemes. Without any, no request needs credentials. */
  readonly schemes: readonly Scheme[];
  /** Whether a server without authentication answers requests for any `Host`. Default: only IP addresses and localhost. */
  readonly anyHost?: boolean;
  /** The time zone of starts that name none. */
  readonly timezone: string;
  readonly now: () => Instant;
  readonly newId: () => string;
  /** Gives the deadline of one request to the backend or the store. */
  readonly newDeadline: () => Deadline;
  readonly log: FastifyBaseLogger;
  readonly version: string;
  /** The names of the jobs that have gauges of their own in `/metrics`. Default: none. */
  readonly metricsJobs?: readonly string[];
  /** The time to receive a whole request, in milliseconds. Default: 30000. */
  readonly requestTimeout?: number;
  /** The time that `/healthcheck` waits for the store, in milliseconds. Default: 3000. */
  readonly healthcheckTimeout?: number;
}
