/** What is asked to be done to a job. */
export type Operation = "start" | "finish" | "interrupt" | "abandon";

/** What comes of it: for the log, and as labels of metrics. */
export type Outcome =
  | "started"
  /** The lock that the same idempotency key was granted before. */
  | "started-again"
  | "active"
  | "not-due"
  | "required-job"
  | "unknown"
  | "finished"
  | "interrupted"
  /** A start that was given up, and held nothing. */
  | "abandoned"
  /** The lock that was to be ended isn't the job's active one. */
  | "not-found"
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "unavailable"
  | "failed";
