/** The library: `import { CronyxClient } from "cronyx-action"`. */
export type { Duration } from "../scheduler/duration.ts";
export type { Holder } from "../scheduler/state-document.ts";
export { CronyxClient, CronyxClient as default } from "./client.ts";
export { CronyxClientError, type CronyxClientErrorCode } from "./client-error.ts";
export type { Job, JobTask } from "./job.ts";
export type {
  CallOptions,
  Credentials,
  CronyxClientOptions,
  JobResumeOptions,
  JobSkipOptions,
  JobStartOptions,
} from "./options.ts";
export type { JobNotStarted, JobStartResult } from "./start-result.ts";
