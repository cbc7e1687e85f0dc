/** What a request does to a job. */
export type Operation = "start" | "finish" | "interrupt" | "abandon" | "renew" | "resume" | "skip";

/** The result of an operation, as the log and the metrics' labels name it. */
export type OperationOutcome =
  | "started"
  /** The idempotency key is that of the active lock, which is granted again. */
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
  /** The id is not that of the job's active lock. */
  | "not-found"
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "unavailable"
  | "failed";
