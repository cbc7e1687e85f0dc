import { type Effect, ServiceError, type ServiceErrorCode } from "../errors/service-error.ts";
import { failureText, isUnconnected, statusOfProxy } from "./connection-failure.ts";
import { OversizedAnswer, ProxyRefusal } from "./http-exchange.ts";
import { tlsFailure } from "./tls-failure.ts";

/** A request that has no answer. */
export interface FailedRequest {
  /** The server's address, for messages. */
  readonly place: string;
  /** Whether the request was given up. */
  readonly isLate: boolean;
  /** Whether the request had a TLS connection. */
  readonly isSecured: boolean;
  /** The effect that the request may have had if it was sent. */
  readonly effectIfLost: Effect;
}

/** @param cause An error of Node, of `tunnel`, or of `exchange`. */
export function requestFailure(
  cause: unknown,
  { place, isLate, isSecured, effectIfLost }: FailedRequest,
): ServiceError {
  const failure = (code: ServiceErrorCode, problem: string, effect: Effect, retryAfter?: number) =>
    new ServiceError(code, { place, problem, effect, retryAfter, cause });
  if (cause instanceof OversizedAnswer) return failure("oversized-answer", cause.message, effectIfLost);
  if (cause instanceof ProxyRefusal || statusOfProxy(cause) === 407) {
    const problem = "cannot be reached: the proxy asks for a login, or refused the one it got (407)";
    return failure("proxy-refused", problem, "none");
  }
  const tls = tlsFailure(cause, isSecured);
  if (tls !== null) return failure(tls.code, tls.problem, "none");
  const why = isLate ? "no answer in time" : failureText(cause);
  return failure("unreachable", `cannot be reached (${why})`, isUnconnected(cause) ? "none" : effectIfLost, 0);
}
