import { ArgumentError, type ArgumentErrorCode } from "./argument-error.ts";
import { type RemoteErrorCode, ServiceError, type ServiceErrorCode } from "./service-error.ts";

/**
 * The remedies for errors, in the terms of one front end: an input, a flag, an option, a body field. A remedy completes the
 * sentence `problem: remedy`.
 */
type Remedies<Code extends ServiceErrorCode> = {
  /** Left out where {@link ArgumentError.expected} is enough. A message shows both if both exist. */
  readonly [code in ArgumentErrorCode]?: string;
} & { readonly [code in Code]: string | ((error: ServiceError) => string) };

/** How a front end words errors. */
export interface Wording<Code extends ServiceErrorCode> {
  /** @returns this front end's name of an argument: the input `job-interval` for `jobInterval`. */
  nameOf(field: string): string;
  /** The verb before what an argument takes: `use a whole number`. */
  readonly verb: "use" | "pass";
  readonly remedies: Remedies<Code>;
}

/** @returns the problem, the value, and the fix. */
export function messageWithRemedy<Code extends ServiceErrorCode>(error: unknown, wording: Wording<Code>): string {
  if (error instanceof ArgumentError) {
    const accepted = error.expected === null ? undefined : `${wording.verb} ${error.expected}`;
    return joined(error.messageFor(wording.nameOf(error.field)), [wording.remedies[error.code], accepted]);
  }
  if (error instanceof ServiceError) {
    const remedy = wording.remedies[error.code as Code];
    return joined(error.message, [typeof remedy === "function" ? remedy(error) : remedy]);
  }
  return error instanceof Error ? error.message : String(error);
}

function joined(problem: string, remedies: readonly (string | undefined)[]): string {
  const given = remedies.filter((remedy) => remedy !== undefined);
  return given.length === 0 ? problem : `${problem}: ${given.join(", and ")}`;
}

/** Remedies that name no setting, and so read the same in every front end. */
export const COMMON_REMEDIES = {
  "self-required-job": "remove it from the required jobs",
  "chosen-interval-conflict": "leave it out",
  "spent-lock-id": "use a new idempotency key for each start",
} as const satisfies Partial<Record<ArgumentErrorCode, string>>;

/** The remedies of this kind for failures of a repository, of a server, and of the network. */
export const COMMON_REMOTE_REMEDIES = {
  "proxy-answered": "check the proxy between this machine and the server",
  "proxy-refused": "set its login in the environment's https_proxy or http_proxy, as http://USER:PASSWORD@HOST",
  "certificate-untrusted": "set NODE_EXTRA_CA_CERTS to a file with the certificate of that authority",
  "certificate-expired": "renew the certificate there, and check the clock of this machine",
  "certificate-revoked": "replace the certificate there",
  "document-damaged": (error) =>
    error.ref === null
      ? "nothing was changed; docs/locks.md says how to repair or remove it, and a server's log where it is"
      : `nothing was changed; docs/locks.md says how to repair it, and this removes it: ${removal(error)}`,
  "git-missing": "install git, or use a git+https: url, which needs none",
  "temporary-folder-unusable": "let this user write there, and free space on its disk",
  "proxy-unusable": "set that variable to http://HOST:PORT, or unset it",
  "git-too-old": "update git, or use a git+https: url, which needs none",
  "sign-on-required": "authorize the token for the single sign-on of that organization",
  "rate-limited": "wait until the limit of that server ends, and try again",
  "repository-read-only": "make it writable there, or keep the locks in another repository",
  "repository-unsupported": "use a repository with SHA-1 ids, on a server with git 2.18 or newer",
  "update-failed": ({ ref }) =>
    ref?.lockFile === undefined
      ? "try again later; if it fails again, look at that server: its disk may be full, or its files not writable"
      : `try again later; if it fails again, and no git process runs on that server, remove the file there: rm '${ref.lockFile}'`,
  "key-may-not-write": "let that ssh key write to the repository: allow write access for a deploy key",
  "not-fast-forward": "let the rules and hooks of that repository allow refs under refs/cronyx/",
  "updates-not-allowed": (error) =>
    `let the rules and hooks of that repository allow updates of refs under refs/cronyx/, and remove the ref by hand: ${removal(error)}`,
  "ref-without-object": (error) =>
    `remove the ref: ${removal(error)}; or, on its server, git update-ref -d ${error.ref?.name ?? "REF"}`,
} as const satisfies Partial<Remedies<RemoteErrorCode>>;

/** @returns the command that removes the ref of an error, for a terminal. */
function removal({ ref }: ServiceError): string {
  return `git push ${ref?.repository ?? "URL"} --delete ${ref?.name ?? "REF"}`;
}
