import { ArgumentError, type ArgumentErrorCode } from "./argument-error.ts";
import { ServiceError, type ServiceErrorCode } from "./service-error.ts";

/**
 * What a reader can do about an error, in the terms of one front end: an input, a flag, an option, a body field. It
 * completes the sentence `problem: remedy`.
 */
export type Remedies<Code extends ServiceErrorCode> = {
  /** Left out where {@link ArgumentError.expected} says all that there is to do. */
  readonly [code in ArgumentErrorCode]?: string;
} & { readonly [code in Code]: string };

/** How a front end words errors. */
export interface Wording<Code extends ServiceErrorCode> {
  /** @returns this front end's name of an argument: the input `job-interval` for `jobInterval`. */
  nameOf(field: string): string;
  readonly remedies: Remedies<Code>;
}

/** @returns the problem, the value, and the fix. */
export function messageWithRemedy<Code extends ServiceErrorCode>(error: unknown, wording: Wording<Code>): string {
  if (error instanceof ArgumentError) {
    const remedy = wording.remedies[error.code] ?? (error.expected === null ? null : `use ${error.expected}`);
    return joined(error.messageFor(wording.nameOf(error.field)), remedy);
  }
  if (error instanceof ServiceError) return joined(error.message, wording.remedies[error.code as Code] ?? null);
  return error instanceof Error ? error.message : String(error);
}

function joined(problem: string, remedy: string | null): string {
  return remedy === null ? problem : `${problem}: ${remedy}`;
}

/** Remedies that name no setting, and so read the same in every front end. */
export const COMMON_REMEDIES = {
  "invalid-cron":
    "use 5 fields (minute, hour, day of the month, month, day of the week), 6 with the second before them, or @yearly, @monthly, @weekly, @daily, @hourly",
  "unknown-timezone": "use a name of the IANA time zone database, such as Europe/London or UTC",
  "invalid-job-name": "use 1 to 255 characters of well-formed Unicode",
  "out-of-range": "use a shorter one",
  "self-required-job": "remove it from the required jobs",
  "chosen-interval-conflict": "leave it out",
  "spent-lock-id": "use a new idempotency key for each start",
  "invalid-idempotency-key": "use 1 to 255 characters of visible ASCII",
} as const satisfies Partial<Record<ArgumentErrorCode, string>>;

/** The same for what can happen between this process and a repository or server. */
export const COMMON_REMOTE_REMEDIES = {
  "proxy-refused": "set its login in the environment's https_proxy or http_proxy, as http://USER:PASSWORD@HOST",
  "certificate-untrusted": "set NODE_EXTRA_CA_CERTS to a file with the certificate of that authority",
  "certificate-expired": "renew the certificate there, and check the clock of this machine",
  "certificate-revoked": "replace the certificate there",
  "document-damaged": "nothing was changed; docs/locks.md says how to repair or remove it",
  "git-missing": "install git, or use a git+https: url, which needs none",
} as const satisfies Partial<Record<ServiceErrorCode, string>>;
