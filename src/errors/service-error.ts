/** The kinds of failures of a repository, of a CronyxServer, and of the network between. */
export type RemoteErrorCode =
  /** No connection, or no usable answer until the deadline. The same request may succeed later. */
  | "unreachable"
  | "oversized-answer"
  | "proxy-refused"
  /** A proxy answered in the server's place. */
  | "proxy-answered"
  | "proxy-unusable"
  | "redirected"
  | "certificate-untrusted"
  | "certificate-expired"
  | "certificate-revoked"
  | "certificate-for-another-host"
  | "tls-failed"
  | "token-missing"
  | "token-refused"
  | "token-may-not-read"
  | "token-may-not-write"
  | "sign-on-required"
  | "rate-limited"
  | "repository-not-found"
  | "repository-read-only"
  | "repository-unsupported"
  | "not-a-repository"
  /** A rule or a hook of the repository refuses the update of a ref. */
  | "update-refused"
  /** A rule or a hook refuses the update because it is not a fast-forward. */
  | "not-fast-forward"
  /** The repository refuses each update of a ref that exists, a fast-forward too. */
  | "updates-not-allowed"
  /** The ref did not move, and the server names no rule. The same update may succeed later. */
  | "update-failed"
  | "ref-without-object"
  | "git-missing"
  | "git-too-old"
  | "git-failed"
  | "temporary-folder-unusable"
  | "key-may-not-write"
  | "login-missing"
  | "login-refused"
  | "bearer-token-refused"
  | "rules-forbid"
  | "request-refused"
  | "not-a-server"
  | "original-server"
  | "server-too-old"
  | "start-unsettled"
  | "oidc-not-permitted"
  | "oidc-failed"
  /** A state document, in a repository, a database or a server's answer, that cannot be used. */
  | "document-damaged";

/** The kinds of failures of a server's database. */
export type DatabaseErrorCode =
  | "database-unreachable"
  | "database-login-refused"
  | "database-forbidden"
  | "database-not-found"
  | "database-not-a-file"
  | "database-mounted-alone"
  | "database-cannot-open"
  | "database-unusable"
  | "database-encoding"
  | "database-parameter-refused"
  | "database-tls-failed"
  | "database-damaged"
  | "database-too-new"
  | "database-replaced"
  | "database-full"
  | "database-disk-failed"
  | "database-busy"
  | "database-refused"
  | "document-damaged";

export type ServiceErrorCode = RemoteErrorCode | DatabaseErrorCode;

/**
 * The effect that a request without a usable answer had where it was sent.
 *
 * - `none`: it changed nothing, and never will.
 * - `possible`: it may have been carried out, or still may be. Only a later read shows it.
 *
 * The connection that lost the answer sets it. All other code passes it on, and two places act on it: a start that
 * failed gives up its lock, and an end that failed counts as done once the job's history shows it.
 */
export type Effect = "none" | "possible";

export function strongerEffect(a: Effect, b: Effect): Effect {
  return a === "possible" ? a : b;
}

interface GitRef {
  /** The address of its repository, without credentials. */
  readonly repository: string;
  readonly name: string;
  /** The file on the server that keeps the ref from being updated, where the server names it. */
  readonly lockFile?: string | undefined;
}

export interface ServiceErrorDetails extends ErrorOptions {
  /** The address of the repository, server or database, without credentials. */
  readonly place: string;
  /** What is wrong, as the end of a sentence that begins with the place: `refused the token (401)`. */
  readonly problem: string;
  readonly effect: Effect;
  /** The git ref that the failed request was about, if any. */
  readonly ref?: GitRef | undefined;
  /**
   * The least time after which the same request may succeed, in milliseconds. Left out if the same request would fail
   * again.
   */
  readonly retryAfter?: number | undefined;
  /** Whether the place is a folder of this machine, for which no token and no permission counts. Default: false. */
  readonly isLocal?: boolean;
}

/** The failure of a service that a call needs: of a repository, a server or a database. */
export class ServiceError extends Error {
  override name = "ServiceError";
  readonly code: ServiceErrorCode;
  readonly effect: Effect;
  readonly ref: GitRef | null;
  readonly isLocal: boolean;
  /** The message without the place. */
  readonly problem: string;
  /** Null: the same request would fail again. */
  readonly retryAfter: number | null;
  readonly #details: ServiceErrorDetails;

  constructor(code: ServiceErrorCode, details: ServiceErrorDetails) {
    super(`${details.place} ${details.problem}`, { cause: details.cause });
    this.code = code;
    this.effect = details.effect;
    this.ref = details.ref ?? null;
    this.isLocal = details.isLocal ?? false;
    this.problem = details.problem;
    this.retryAfter = details.retryAfter ?? null;
    this.#details = details;
  }

  /** @returns the same error, after an earlier request of the same call that had this effect. */
  withEffect(effect: Effect): ServiceError {
    const stronger = strongerEffect(effect, this.effect);
    return stronger === this.effect ? this : new ServiceError(this.code, { ...this.#details, effect: stronger });
  }
}
