/** The change that a request makes to a job. */
export type Operation = "start" | "finish" | "interrupt" | "abandon" | "renew" | "resume" | "skip";

/** The result of an operation, as the log and the metrics' labels name it. */
export type OperationOutcome =
  | "started"
  /** The active lock was granted for the same idempotency key, and is granted again. */
  | "started-again"
  | "active"
  | "not-due"
  | "required-job"
  | "unknown"
  | "finished"
  | "interrupted"
  | "renewed"
  | "resumed"
  | "skipped"
  /** The abandoned start holds no lock. */
  | "abandoned"
  /** The job's active lock has another id. */
  | "not-found"
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "unavailable"
  | "failed";
