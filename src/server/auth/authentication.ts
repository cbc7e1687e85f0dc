/** Who sent a request, as far as its credentials tell. */
export interface Caller {
  /** The repository that a token names, for the log. Null: the credentials name none. */
  readonly repository: string | null;
  /** Whether it may start, end and see this job. */
  mayUse(jobName: string): boolean;
  /** Whether a start may wait for this job, which tells how far it got. */
  mayRequire(jobName: string): boolean;
  /** Whether it may use what belongs to no job. */
  readonly hasAnyAccess: boolean;
}

/** A way to log in. */
export interface Scheme {
  /** Its name in an `Authorization` header: RFC 9110 §11.1. */
  readonly name: string;
  /** What a `WWW-Authenticate` header says of it. */
  readonly challenge: string;
  /**
   * @param credentials What follows the scheme's name.
   * @returns null if they aren't good.
   * @throws IssuerUnreachable when that can't be told now.
   */
  check(credentials: string): Promise<Caller | null>;
}

/** The keys of whoever signs tokens can't be fetched: nobody can be told apart now. */
export class IssuerUnreachable extends Error {
  override name = "IssuerUnreachable";
}

/** Who may do everything. */
export const UNRESTRICTED: Caller = {
  repository: null,
  mayUse: () => true,
  mayRequire: () => true,
  hasAnyAccess: true,
};

/** @returns who it is, or null for missing or wrong credentials. Without any scheme everyone may do everything. */
export async function authenticate(
  schemes: readonly Scheme[],
  authorization: string | undefined,
): Promise<Caller | null> {
  if (schemes.length === 0) return UNRESTRICTED;
  const [, name = "", credentials = ""] = /^([A-Za-z]+) +(\S+)$/.exec(authorization ?? "") ?? [];
  const scheme = schemes.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  return scheme?.check(credentials) ?? null;
}
