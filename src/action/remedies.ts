import { COMMON_REMEDIES, COMMON_REMOTE_REMEDIES, messageWithRemedy, type Wording } from "../errors/remedies.ts";
import type { RemoteErrorCode } from "../errors/service-error.ts";

const ALLOW_WRITING = 'add "permissions: contents: write" to the workflow or job';

/** Errors in the terms of a workflow: the inputs of action.yml, and permissions. */
const WORDING: Wording<RemoteErrorCode> = {
  verb: "use",
  nameOf: (field) => field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  remedies: {
    ...COMMON_REMEDIES,
    missing: "set this input",
    "chosen-interval-with-lock": "set no-lock to true, or leave this input out",
    "credentials-in-location": "move them to the input token, or to the inputs username and password",
    "location-changed": "keep the input url the same until the job ends",
    "invalid-lock": "pass the output lock of the start step as it is, by way of an output of its job",
    "lock-of-other-run":
      "pass the lock that a start of this very run took, and the same job-name; nothing was ended, and an active lock stays",
    conflict: "leave this input out, or change the other one",
    "incomplete-login": "set the inputs username and password together, or neither",

    ...COMMON_REMOTE_REMEDIES,
    unreachable: "check the input url and the network, or run the job again later",
    "oversized-answer": "check the input url",
    redirected: "set the input url to that address, if it is the right one",
    "certificate-for-another-host": "set the input url to a host name that the certificate has",
    "tls-failed": "check that the port in the input url is one for https",
    "token-missing": "set the input token to one that may write to that repository",
    "token-refused":
      "set the input token to one that is valid there and has not expired or been revoked: an app's installation token lasts an hour, and GITHUB_TOKEN until the job ends, at most 24 hours; docs/recipes.md shows how the post step gets a fresh token",
    "token-may-not-read": `${ALLOW_WRITING}, or set the input token to another one`,
    "token-may-not-write": `${ALLOW_WRITING}; a pull request from a fork has a read-only token, and cannot hold a lock`,
    "repository-not-found": ({ isLocal }) =>
      isLocal ? "check the input url" : `check the input url, or ${ALLOW_WRITING}`,
    "not-a-repository": "check that the input url is the address of a git repository",
    "update-refused":
      "let the rules and hooks of that repository allow refs under refs/cronyx/, or set the input url to another repository",
    "git-failed": "check the input url, and for ssh the key and the known hosts",
    "login-missing": "set the inputs username and password, or oidc-audience",
    "login-refused": "set the inputs username and password to those that the server is configured with",
    "bearer-token-refused":
      "set the input oidc-audience to the audience that the server expects, and check that the server accepts GitHub's tokens",
    "rules-forbid": "let the server's rules allow this job for this repository",
    "request-refused": "change the input that it names",
    "not-a-server": "check the input url, its path included; the url of a git repository begins with git+",
    "original-server": "set retry-interval, so that a later start takes the lock over, or use this project's server",
    "server-too-old": "update that server, or leave starts-at and catch-up out",
    "start-unsettled": "set retry-interval, so that a later start takes the lock over",
    "oidc-not-permitted":
      'add "permissions: id-token: write" to the workflow or job; a pull request from a fork never gets this permission',
    "oidc-failed": "check the input oidc-audience, or run the job again later",
  },
};

/** @returns what went wrong and what to do about it, in the terms of a workflow. */
export function actionMessage(error: unknown): string {
  return messageWithRemedy(error, WORDING);
}

const ALLOW_READING = 'add "permissions: contents: read" to the workflow or job';

/** The same for a step that only reads: it needs fewer permissions. */
const READING: Wording<RemoteErrorCode> = {
  ...WORDING,
  remedies: {
    ...WORDING.remedies,
    "token-missing": "set the input token to one that may read that repository",
    "token-refused":
      "set the input token to one that is valid there and has not expired or been revoked: an app's installation token lasts an hour",
    "token-may-not-read": `${ALLOW_READING}, or set the input token to another one`,
    "repository-not-found": ({ isLocal }) =>
      isLocal ? "check the input url" : `check the input url, or ${ALLOW_READING}`,
    "original-server": "use this project's server, which shows its jobs, or keep the locks in a repository",
    "server-too-old": "update that server",
  },
};

/** @returns the same as {@link actionMessage}, for a step that only reads. */
export function readingMessage(error: unknown): string {
  return messageWithRemedy(error, READING);
}
