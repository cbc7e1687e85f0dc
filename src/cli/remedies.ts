import { JobActiveError, LockLostError } from "../backend/job-backend.ts";
import { activeHolderLine, lockLossLine } from "../backend/one-line.ts";
import { COMMON_REMEDIES, COMMON_REMOTE_REMEDIES, messageWithRemedy, type Wording } from "../errors/remedies.ts";
import type { RemoteErrorCode } from "../errors/service-error.ts";

const URL_FLAG = "--url or CRONYX_URL";

const NAMES: Readonly<Record<string, string>> = {
  url: URL_FLAG,
  jobName: "JOB",
  until: "--until",
  failWhen: "--fail-when",
  yes: "--yes",
  jobInterval: "--interval",
  startBuffer: "--start-buffer",
  retryInterval: "--retry-interval",
  requiredJobNames: "--required-job",
  timezone: "--timezone",
  startsAt: "--starts-at",
  catchUp: "--catch-up",
  jobIntervalStartedAt: "--job-interval-started-at",
  wait: "--wait",
  deadline: "--deadline",
  maxIntervals: "--max-intervals",
  lock: "--lock",
  command: "COMMAND",
};

/** Errors in the terms of the job commands: their flags, and the environment. */
const WORDING: Wording<RemoteErrorCode> = {
  verb: "pass",
  nameOf: (field) => NAMES[field] ?? field,
  remedies: {
    ...COMMON_REMEDIES,
    "credentials-in-location": "move them to CRONYX_TOKEN, or to CRONYX_USERNAME and CRONYX_PASSWORD",
    "chosen-interval-with-lock": "pass --no-lock too, or leave it out",
    "incomplete-login":
      "set CRONYX_USERNAME and CRONYX_PASSWORD together, or for git+https: CRONYX_USERNAME and CRONYX_TOKEN",
    "location-changed": `set ${URL_FLAG} to the one of the start`,
    "invalid-lock": "pass the text that start printed, as it is",

    ...COMMON_REMOTE_REMEDIES,
    unreachable: `check ${URL_FLAG} and the network, or try again later`,
    "oversized-answer": `check ${URL_FLAG}`,
    redirected: `set ${URL_FLAG} to that address, if it is the right one`,
    "certificate-for-another-host": `set ${URL_FLAG} to a host name that the certificate has`,
    "tls-failed": `check that the port in ${URL_FLAG} is one for https`,
    "token-missing": "set CRONYX_TOKEN to a token that may write to that repository",
    "token-refused": "set CRONYX_TOKEN to a token that is valid there and has not expired",
    "token-may-not-read": "let the token read and write the contents of that repository",
    "token-may-not-write": "let the token write the contents of that repository",
    "repository-not-found": ({ isLocal }) =>
      isLocal ? `check ${URL_FLAG}` : `check ${URL_FLAG}, or let CRONYX_TOKEN read that repository`,
    "not-a-repository": `check that ${URL_FLAG} is the address of a git repository`,
    "update-refused": "let the rules and hooks of that repository allow refs under refs/cronyx/",
    "git-failed": `check ${URL_FLAG}, and for ssh the key and the known hosts`,
    "login-missing": "set CRONYX_USERNAME and CRONYX_PASSWORD, or CRONYX_TOKEN",
    "login-refused": "set CRONYX_USERNAME and CRONYX_PASSWORD to those that the server is configured with",
    "bearer-token-refused": "set CRONYX_TOKEN to a token that is valid there and has not expired",
    "rules-forbid": "let the server's rules allow this job for these credentials",
    "request-refused": "change the argument that it names",
    "not-a-server": `check ${URL_FLAG}, its path included; the url of a git repository begins with git+`,
    "original-server": "use this project's server, which shows its jobs",
    "server-too-old": "update that server, or leave --starts-at and --catch-up out",
    "start-unsettled": "run status to see the lock, and release to free it",
    "oidc-not-permitted": "set CRONYX_TOKEN",
    "oidc-failed": "set CRONYX_TOKEN",
  },
};

/** @returns the problem and the remedy, in the terms of the commands. */
export function commandMessage(error: unknown): string {
  if (error instanceof LockLostError) return `${lockLossLine(error)}; run status to see the job now`;
  if (error instanceof JobActiveError) {
    return `${error.message}: ${activeHolderLine(error)}; wait for that run, or free the lock with release`;
  }
  return messageWithRemedy(error, WORDING);
}
