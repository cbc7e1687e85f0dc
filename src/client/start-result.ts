import type { NotStarted } from "../scheduler/not-started.ts";
import type { Job } from "./job.ts";

/** The outcome of a start: the job, or the reason why it was not started. */
export type JobStartResult = { readonly started: true; readonly job: Job } | JobNotStarted;

/** The reason why a job was not started, with its instants as `Date`. */
export type JobNotStarted = NotStarted<Date>;
