import { JobActiveError, LockLostError } from "../backend/job-backend.ts";
import { activeHolderLine, lockLossLine } from "../backend/one-line.ts";
import { COMMON_REMEDIES, COMMON_REMOTE_REMEDIES, messageWithRemedy, type Wording } from "../errors/remedies.ts";
import type { RemoteErrorCode } from "../errors/service-error.ts";

/** Errors in the terms of the library: the options of docs/api.md. */
const WORDING: Wording<RemoteErrorCode> = {
  verb: "pass",
  nameOf: (field) => field,
  remedies: {
    ...COMMON_REMEDIES,
    "chosen-interval-with-lock": "set noLock to true, or leave this option out",
    "credentials-in-location": "move them to the option token or credentials",
    "location-changed": "pass the text to a client with the url of the client that took the lock",
    "invalid-lock": "pass the lock of a job that was started, as it is",

    ...COMMON_REMOTE_REMEDIES,
    unreachable: "check the option url and the network, or try again later",
    "oversized-answer": "check the option url",
    redirected: "set the option url to that address, if it is the right one",
    "certificate-for-another-host": "set the option url to a host name that the certificate has",
    "tls-failed": "check that the port in the option url is one for https",
    "token-missing": "set the option token to one that may write to that repository",
    "token-refused": "set the option token to one that is valid there and has not expired",
    "token-may-not-read": "let the token read and write the contents of that repository",
    "token-may-not-write": "let the token write the contents of that repository",
    "repository-not-found": ({ isLocal }) =>
      isLocal ? "check the option url" : "check the option url, or let the token read that repository",
    "not-a-repository": "check that the option url is the address of a git repository",
    "update-refused":
      "let the rules and hooks of that repository allow refs under refs/cronyx/, or set the option url to another repository",
    "git-failed": "check the option url, and for ssh the key and the known hosts",
    "login-missing": "set the option credentials or token",
    "login-refused": "set the option credentials to those that the server is configured with",
    "bearer-token-refused": "set the option token to one that is valid there and has not expired",
    "rules-forbid": "let the server's rules allow this job for these credentials",
    "request-refused": "change the option that it names",
    "not-a-server": "check the option url, its path included; the url of a git repository begins with git+",
    "original-server": "set retryInterval, so that a later start takes the lock over, or use this project's server",
    "server-too-old": "update that server, or leave startsAt and catchUp out",
    "start-unsettled": "set retryInterval, so that a later start takes the lock over",
    "oidc-not-permitted": "set the option token",
    "oidc-failed": "set the option token",
  },
};

/** @returns the problem and the remedy, in the terms of the library. */
export function clientMessage(error: unknown): string {
  if (error instanceof LockLostError) return lockLossLine(error);
  if (error instanceof JobActiveError) {
    return `${error.message}: ${activeHolderLine(error)}; finish or interrupt that run first`;
  }
  return messageWithRemedy(error, WORDING);
}
