import { LockLostError } from "../backend/job-backend.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import { StoreError, type StoreErrorCode } from "../store/job-store.ts";

/** What went wrong, for programs: the message is for people, and may change. */
export type CronyxClientErrorCode =
  /** What was asked for can't be, whatever the job's state. */
  | "argument"
  /** The job has ended: it was finished or interrupted by this very `Job`. */
  | "not-active"
  /** The job's `finish` or `interrupt` is under way. */
  | "pending"
  /** The run doesn't hold the lock any more: someone else finished, interrupted or took it over. */
  | "lock-lost"
  /** The caller's `signal` was aborted. */
  | "aborted"
  /** The client was closed. */
  | "closed"
  /** None of these: a fault of this library, or of what it stands on. */
  | "unexpected"
  | StoreErrorCode;

/** Whatever goes wrong in this library is thrown as this error, with what it came from as its `cause`. */
export class CronyxClientError extends Error {
  override name = "CronyxClientError";
  readonly code: CronyxClientErrorCode;
  /** Whether the call may have come through all the same, or may still come to: its answer was lost. */
  readonly unsettled: boolean;

  constructor(code: CronyxClientErrorCode, message: string, options: ErrorOptions & { unsettled?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.unsettled = options.unsettled ?? false;
  }
}

/** @returns `error` as this library throws it. */
export function clientErrorOf(error: unknown): CronyxClientError {
  if (error instanceof CronyxClientError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CronyxClientError(codeOf(error), message, { cause: error, unsettled: isUnsettled(error) });
}

/** Does what may throw, and throws it as this library does. */
export function inOurWords<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw clientErrorOf(error);
  }
}

export function isUnsettled(error: unknown): boolean {
  return error instanceof StoreError && error.unsettled;
}

function codeOf(error: unknown): CronyxClientErrorCode {
  if (error instanceof StoreError) return error.code;
  if (error instanceof ArgumentError) return "argument";
  return error instanceof LockLostError ? "lock-lost" : "unexpected";
}
