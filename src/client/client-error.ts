import { JobActiveError, LockLostError } from "../backend/job-backend.ts";
import { ArgumentError, type ArgumentErrorCode } from "../errors/argument-error.ts";
import { type Effect, type RemoteErrorCode, ServiceError } from "../errors/service-error.ts";
import { clientMessage } from "./remedies.ts";

/** The kind of an error, for programs. The message is for people, and may change. */
export type CronyxClientErrorCode =
  /** An option can never be accepted: {@link CronyxClientError.option} names it. */
  | ArgumentErrorCode
  /** A repository, a server or the network could not do its part. */
  | RemoteErrorCode
  /** This `Job` was finished or interrupted before. */
  | "not-active"
  /** The `finish` or `interrupt` of this `Job` is in progress. */
  | "pending"
  /** The run no longer holds its lock: it was finished, interrupted or taken over by another caller. */
  | "lock-lost"
  /** A lock of the job is active, so its intervals cannot be skipped. */
  | "job-active"
  /** The caller's `signal` was aborted. */
  | "aborted"
  /** The client was closed. */
  | "closed"
  /** A fault of this library or of its dependencies. */
  | "unexpected";

interface CronyxClientErrorDetails extends ErrorOptions {
  readonly effect?: Effect;
  readonly option?: string;
}

/** The one error that this library throws. Its `cause` is the error that it comes from. */
export class CronyxClientError extends Error {
  override name = "CronyxClientError";
  readonly code: CronyxClientErrorCode;
  /** `possible`: the call's answer was lost, so it may have been carried out, or still may be. */
  readonly effect: Effect;
  /** The option that can never be accepted, or null if no option is wrong. */
  readonly option: string | null;

  constructor(code: CronyxClientErrorCode, message: string, details: CronyxClientErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.effect = details.effect ?? "none";
    this.option = details.option ?? null;
  }
}

/** @returns `error` as the error that this library throws. */
export function clientErrorOf(error: unknown): CronyxClientError {
  if (error instanceof CronyxClientError) return error;
  const message = clientMessage(error);
  if (error instanceof ArgumentError) {
    return new CronyxClientError(error.code, message, { cause: error, option: error.field });
  }
  if (error instanceof ServiceError) {
    return new CronyxClientError(error.code as RemoteErrorCode, message, { cause: error, effect: error.effect });
  }
  if (error instanceof LockLostError) return new CronyxClientError("lock-lost", message, { cause: error });
  return new CronyxClientError(error instanceof JobActiveError ? "job-active" : "unexpected", message, {
    cause: error,
  });
}

/** @returns the result of `check`. @throws CronyxClientError in place of an error of `check`. */
export function throwingClientErrors<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw clientErrorOf(error);
  }
}

export function closedError(): CronyxClientError {
  return new CronyxClientError("closed", "The client is closed: make a new one, and close it after its last call");
}

/** @param error The failure of the aborted call. Its effect shows whether the call may have been carried out. */
export function abortedError(signal: AbortSignal, error: unknown): CronyxClientError {
  const { effect, message } = clientErrorOf(error);
  const doubt = effect === "possible" ? `, and may have been carried out: ${message}` : "";
  return new CronyxClientError("aborted", `The call was aborted by its signal${doubt}`, {
    cause: signal.reason,
    effect,
  });
}
