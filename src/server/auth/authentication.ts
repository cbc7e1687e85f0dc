import type { Holder } from "../../scheduler/state-document.ts";

/** The sender of a request, as its credentials describe it. */
export interface Caller {
  /** The repository in the token's claims, for the log. Null if the credentials name none. */
  readonly repository: string | null;
  /** The run in the token's claims. Null if the credentials name none. */
  readonly run: Pick<Holder, "repository" | "runId" | "attempt"> | null;
  /** Whether the caller may start, end and read this job. */
  mayUse(jobName: string): boolean;
  /** Whether the caller may skip intervals of this job, which discards work. */
  maySkip(jobName: string): boolean;
  /** Whether a start may require this job. A required job's progress shows in refusals. */
  mayRequire(jobName: string): boolean;
  /** Whether the caller may use the routes that name no job: the list of jobs, /metrics and /openapi.json. */
  readonly hasAnyAccess: boolean;
}

/** An authentication scheme: RFC 9110 §11.1. */
export interface Scheme {
  /** The scheme's name in an `Authorization` header. */
  readonly name: string;
  /** The scheme's value of the `WWW-Authenticate` header. */
  readonly challenge: string;
  /** The audience that tokens must have, for a scheme of tokens. */
  readonly audience?: string;
  /**
   * @param credentials The part of the `Authorization` header after the scheme's name.
   * @returns null if the credentials are invalid.
   * @throws IssuerUnreachable if the credentials cannot be checked.
   */
  check(credentials: string): Promise<Caller | null>;
}

/** The issuer's signing keys cannot be fetched now, so a token cannot be verified. */
export class IssuerUnreachable extends Error {
  override name = "IssuerUnreachable";
  /** When the keys can be fetched again, in seconds. */
  readonly retryAfter: number;

  constructor(message: string, { retryAfter, ...options }: ErrorOptions & { readonly retryAfter: number }) {
    super(message, options);
    this.retryAfter = retryAfter;
  }
}

/** @returns whether the caller may start, end and read a job. */
export function mayUseFor(caller: Caller | null): (jobName: string) => boolean {
  return (jobName) => caller?.mayUse(jobName) ?? false;
}

/** @returns whether the caller may see the name of a job. */
export function mayNameFor(caller: Caller | null): (jobName: string) => boolean {
  return (jobName) => caller?.mayRequire(jobName) ?? false;
}

/** A caller without any restriction. */
export const UNRESTRICTED: Caller = {
  repository: null,
  run: null,
  mayUse: () => true,
  maySkip: () => true,
  mayRequire: () => true,
  hasAnyAccess: true,
};

/**
 * @param schemes Without any, every caller is unrestricted.
 * @returns null if the credentials are missing or invalid.
 */
export async function authenticate(
  schemes: readonly Scheme[],
  authorization: string | undefined,
): Promise<Caller | null> {
  if (schemes.length === 0) return UNRESTRICTED;
  const [, name = "", credentials = ""] = /^([A-Za-z]+) +(\S+)$/.exec(authorization ?? "") ?? [];
  const scheme = schemes.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  return scheme?.check(credentials) ?? null;
}
