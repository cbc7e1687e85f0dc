import pg from "pg";
import { type DatabaseErrorCode, type Effect, ServiceError } from "../../errors/service-error.ts";
import { failureText } from "../../network/connection-failure.ts";
import { tlsFailure } from "../../network/tls-failure.ts";

/**
 * The failures that another attempt would meet again, by the class or the code of their SQLSTATE.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const FINAL: readonly (readonly [sqlStates: RegExp, code: DatabaseErrorCode])[] = [
  [/^28/, "database-login-refused"],
  [/^42501$/, "database-forbidden"],
  [/^3D000$/, "database-not-found"],
  [/^42/, "database-unusable"],
  [/^53100$/, "database-full"],
  [/^58030$/, "database-disk-failed"],
];
/** Lost connections, too many of them, a server that stops or has just become a replica, deadlocks, and time-outs. */
const TRANSIENT = /^(08|25006|40|53|55P03|57)/;

/** PgBouncer has this code for most of its errors, passing ones too. */
const POOLER_ERROR = "08P01";

/** Whether PostgreSQL refused a statement for a reason that does not pass by itself. */
export function isRefused(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && failure.severity === "ERROR" && !TRANSIENT.test(failure.code ?? "");
}

/** A failure that PostgreSQL did not report itself happened on the way to it. */
export function postgresFailure(cause: unknown, place: string, effect: Effect): ServiceError {
  const about = { place, effect, cause };
  const final = finalFailureOf(cause);
  if (final !== null) return new ServiceError(final.code, { ...about, problem: final.problem });
  if (!(cause instanceof pg.DatabaseError) || TRANSIENT.test(cause.code ?? "")) {
    const problem = `cannot be reached (${failureText(cause)})`;
    return new ServiceError("database-unreachable", { ...about, problem, retryAfter: 0 });
  }
  return new ServiceError("database-refused", { ...about, problem: `cannot be used (${cause.message})` });
}

/** @returns a failure that another attempt would meet again; null for any other. */
function finalFailureOf(cause: unknown): { readonly code: DatabaseErrorCode; readonly problem: string } | null {
  const problem = `cannot be used (${failureText(cause)})`;
  if (cause instanceof pg.DatabaseError) {
    const state = cause.code ?? "";
    if (state === POOLER_ERROR && /^unsupported startup parameter/.test(cause.message)) {
      return { code: "database-parameter-refused", problem };
    }
    const [, code] = FINAL.find(([sqlStates]) => sqlStates.test(state)) ?? [];
    return code === undefined ? null : { code, problem };
  }
  const tls = tlsFailure(cause);
  if (tls !== null) return { code: "database-tls-failed", problem: tls.problem };
  // The file of a certificate or key that the URL names.
  if ((cause as NodeJS.ErrnoException).syscall === "open") return { code: "database-tls-failed", problem };
  // These errors of the driver have no code.
  if (/^The server does not support SSL/.test(failureText(cause))) return { code: "database-tls-failed", problem };
  if (/^SASL: /.test(failureText(cause))) return { code: "database-login-refused", problem };
  return null;
}

/** A statement that PostgreSQL itself refused changed nothing. Any other failure may have lost the answer of one that did. */
export function effectOf(failure: unknown): Effect {
  return failure instanceof pg.DatabaseError && failure.severity === "ERROR" ? "none" : "possible";
}
