// The meaning of each error code, with an example: docs/troubleshooting.md is made from it. The compiler asks for every code.

/** @typedef {import("../src/errors/argument-error.ts").ArgumentErrorCode} ArgumentErrorCode */
/** @typedef {import("../src/errors/service-error.ts").RemoteErrorCode} RemoteErrorCode */
/** @typedef {import("../src/errors/service-error.ts").DatabaseErrorCode} DatabaseErrorCode */
/** @typedef {"action" | "command" | "library" | "server"} FrontEnd */
/** @typedef {{ field: string, value?: unknown, problem: string, expected?: string, meaning: string, only?: FrontEnd[] }} ArgumentMeaning */
/** @typedef {{ place?: string, problem: string, meaning: string, only?: FrontEnd[] }} ServiceMeaning */

/** @type {Record<ArgumentErrorCode, ArgumentMeaning>} */
export const ARGUMENT_MEANINGS = {
  missing: {
    field: "jobName",
    problem: "is missing",
    expected: "the name of a job",
    meaning: "A required value was not given. In a workflow, an expression may have been empty.",
  },
  "wrong-type": {
    field: "jobName",
    value: 7,
    problem: "has the wrong type",
    expected: "a string",
    meaning: "The value has another type than the one that is expected.",
    only: ["library", "server"],
  },
  "unknown-name": {
    field: "intervall",
    problem: "is not a known option",
    expected: "one of jobName, jobInterval, startBuffer",
    meaning: "There is no option, field or flag of this name. Upper and lower case count.",
    only: ["command", "library", "server"],
  },
  "unknown-word": {
    field: "catchUp",
    value: "all",
    problem: "is not a word that it takes",
    expected: "one of each, merge, latest",
    meaning: "The value is not one of the words that are accepted.",
  },
  "not-allowed": {
    field: "noLock",
    value: "yes",
    problem: "is not a boolean",
    expected: "true or false",
    meaning: "The value is not one that this setting or input accepts.",
    only: ["action", "command", "server"],
  },
  conflict: {
    field: "credentials and token",
    problem: "are both set, and only one can be sent",
    expected: "only one of them",
    meaning: "Two settings exclude each other.",
    only: ["action", "library", "server"],
  },
  "invalid-job-name": {
    field: "jobName",
    value: "",
    problem: "is empty",
    expected: "1 to 255 characters of well-formed Unicode",
    meaning: "A job's name has 1 to 255 characters. Lone surrogates are no characters.",
  },
  "invalid-interval": {
    field: "jobInterval",
    value: "1.5 hours",
    problem: "has 1.5 hours, which is not a whole number",
    expected: '"90 minutes"',
    meaning:
      "The text is not a length of time, or the length is negative, fractional, 0 for an interval, or longer than 1000 years. Where the meaning is clear, the message shows the accepted form.",
  },
  "invalid-cron": {
    field: "jobInterval",
    value: "0 0 * * fri-mon",
    problem: 'is not a cron expression (its day of the week cannot be "fri-mon")',
    expected: '"0 0 * * fri,sat,sun,mon"',
    meaning:
      "The cron expression cannot be read, or matches no date. The message names the field. Where the meaning is clear, it shows the accepted form. [Cron](semantics.md#cron) has the syntax.",
  },
  "unknown-timezone": {
    field: "timezone",
    value: "BST",
    problem: "is an abbreviation and not an IANA time zone (Europe/London may be meant)",
    expected: "a name of the IANA time zone database, such as Europe/London or UTC",
    meaning: "The name is neither a zone nor a link of the IANA database. Abbreviations and offsets are not accepted.",
  },
  "out-of-range": {
    field: "deadline",
    value: "2 hours",
    problem: "is out of range",
    expected: "1 second to 30 minutes",
    meaning: "A number, a length or an instant is beyond its limits: instants are in the years 1 to 9999.",
  },
  "invalid-instant": {
    field: "startsAt",
    value: "2026-02-30",
    problem: "is neither an instant nor a date",
    expected: "an ISO 8601 instant such as 2026-11-24T00:00:00Z",
    meaning: "The date does not exist, or the instant has neither `Z` nor an offset.",
  },
  "self-required-job": {
    field: "requiredJobNames",
    value: "report",
    problem: "names the job itself, so it could never start",
    meaning: "A job that requires itself would wait forever.",
  },
  "chosen-interval-with-lock": {
    field: "jobIntervalStartedAt",
    value: "2026-11-24T00:00:00.000Z",
    problem: "cannot be chosen by a start that takes a lock",
    meaning: "A chosen interval is a repetition by hand, and leaves the job's state alone. So it takes no lock.",
  },
  "chosen-interval-conflict": {
    field: "catchUp",
    value: "each",
    problem: "has no meaning for a start that chooses its interval",
    meaning: "The interval is chosen already, so nothing else decides on it.",
  },
  "spent-lock-id": {
    field: "lockId",
    value: "0c4f3a52-9a5e-4b53-8f0e-6b7d1a0f3c11",
    problem: "cannot be granted again: its run has ended, or its start was abandoned",
    meaning: "The lock of this id has ended. A delayed or repeated request must not take it again.",
    only: ["server"],
  },
  "invalid-location": {
    field: "url",
    value: "git@github.com:octo-org/locks.git",
    problem: "is not a URL",
    expected: "git+ssh://git@github.com/octo-org/locks.git",
    meaning:
      "The text is no address of a repository or a server. Addresses of repositories begin with `git+`. An address that may contain a password is not shown.",
  },
  "credentials-in-location": {
    field: "url",
    problem: "contains credentials, which would be shown in logs",
    meaning: "The address is shown in logs and messages. A password or token belongs into its own setting.",
  },
  "unencrypted-location": {
    field: "url",
    value: "git+http://git.example.com/locks",
    problem: "would send the token unencrypted to another machine",
    expected: "git+https://git.example.com/locks",
    meaning: "`git+http:` is for this machine only.",
  },
  "location-changed": {
    field: "url",
    value: "git+https://github.com/octo-org/new",
    problem: 'is not where this step took its lock, "git+https://github.com/octo-org/old", so nothing was sent',
    meaning:
      "The runner evaluates inputs again for the post step, and `url` had another value than in the step itself. Or variables of the job named `STATE_…` replaced the state of a step that was killed early. The library and the commands refuse the text of a lock of another place. The lock stays: [free it by hand](locks.md#freeing-a-lock-by-hand).",
    only: ["action", "command", "library"],
  },
  "invalid-lock": {
    field: "lock",
    value: "started",
    problem: "is not the text of a lock",
    meaning:
      "A start hands a lock on as a line of JSON. The text was changed on its way, or is another output. Nothing was written.",
    only: ["action", "command", "library"],
  },
  "lock-of-other-run": {
    field: "lock",
    problem:
      '"5f0c1a52-…" of the job "report" is held by another run, octo-org/reports, run 4711, job nightly, which alone may end it',
    meaning:
      "The text of a lock is no secret, so only the workflow run that took the lock may end it, for the job and the interval that the state has. Nothing was written.",
    only: ["action"],
  },
  "invalid-login": {
    field: "token",
    problem: "contains a space, a line break or a character beyond ASCII, which no token has",
    expected: "the token as it was issued",
    meaning: "The token, user name or password cannot be sent as it is, or two ways to log in are set.",
    only: ["action", "server"],
  },
  "incomplete-login": {
    field: "password",
    problem: "is missing, and username is set",
    meaning: "A user name and a password belong together.",
    only: ["action", "command", "server"],
  },
  "login-of-other-location": {
    field: "username and password",
    problem: "are for a CronyxServer or a git+https: url",
    expected: "a git+https: url, or an ssh key",
    meaning:
      "The kind of url takes no such login. `git+ssh:` takes an ssh key, and `git+file:` takes no login. An OIDC token is for a CronyxServer only.",
    only: ["action", "library"],
  },
  "cannot-skip": {
    field: "until",
    value: "2036-11-24T00:00:00.000Z",
    problem: "is in the future",
    expected: "an instant that has passed",
    meaning: "A skip goes from the job's progress to an instant after it, which is not in the future.",
    only: ["command", "library", "server"],
  },
  "no-sqlite": {
    field: "Node",
    problem: "20.5.0 has no SQLite",
    expected: "Node 22.13 or newer, or keep the locks in PostgreSQL (postgres://…)",
    meaning: "Only newer releases of Node have SQLite built in.",
    only: ["server"],
  },
};

/** @type {Record<RemoteErrorCode, ServiceMeaning>} */
export const REMOTE_MEANINGS = {
  unreachable: {
    problem: "answered 503",
    meaning:
      "There was no connection, or no usable answer until the deadline. Requests were repeated until then, with a line in the log for each wait. The next run may succeed.",
  },
  "oversized-answer": {
    problem: "sent an answer of over 4194304 bytes",
    meaning:
      "The answer is larger than any that is expected, so it is probably not from a repository or a CronyxServer.",
  },
  "proxy-refused": {
    problem: "cannot be reached: the proxy asks for a login, or refused the one it got (407)",
    meaning: "The proxy of the environment needs credentials.",
  },
  "proxy-answered": {
    problem: "did not answer itself: the answer 200 lacks the header Cronyx-Server, so a proxy sent it",
    meaning:
      "A proxy answered in the server's place, and nothing is known of the request. It was repeated until the deadline.",
  },
  "proxy-unusable": {
    place: "The variable https_proxy",
    problem: "asks for a socks5: proxy, not for an HTTP one",
    meaning: "A proxy variable of the environment cannot be used. The connection never goes around the proxy.",
  },
  "sign-on-required": {
    problem: "does not let the token read (403: The organization has enabled or enforced SAML SSO)",
    meaning: "The organization requires a single sign-on for this token.",
  },
  "rate-limited": {
    problem: "does not let the token read (403: API rate limit exceeded)",
    meaning: "The server limits how many requests this token or this address may send.",
  },
  "repository-read-only": {
    problem: "does not let the token write (403: This repository was archived so it is read-only)",
    meaning: "The repository is archived, or a mirror, so that nothing can be pushed to it.",
  },
  "repository-unsupported": {
    problem: "cannot keep locks (its objects have SHA-256 ids)",
    meaning: "The repository or its server lacks something that the locks need.",
  },
  "not-fast-forward": {
    problem: "refused to move refs/cronyx/report-527a7ccf1d4003f919ab9ac4ac096c09 (non-fast-forward)",
    meaning:
      "The server refuses each update that does not follow from the commit before. Such an update is tried once more, as one that does.",
  },
  "updates-not-allowed": {
    problem:
      "refused to move refs/cronyx/report-527a7ccf1d4003f919ab9ac4ac096c09 (hook declined), although the update was fast-forward",
    meaning: "The server allows new refs and no update of them, so that a lock there can never be ended.",
  },
  "update-failed": {
    problem: "refused to move refs/cronyx/report-527a7ccf1d4003f919ab9ac4ac096c09 (failed to update ref)",
    meaning: "The ref is where it was, and the server does not say why. The update was repeated until the deadline.",
  },
  "ref-without-object": {
    problem:
      "has lost the object that refs/cronyx/report-527a7ccf1d4003f919ab9ac4ac096c09 points to (the server does not send it)",
    meaning:
      "A full disk or a garbage collection beside a push left a ref without its object. The job is stuck until the ref is removed.",
  },
  "git-too-old": {
    place: "ssh://git@github.com/octo-org/locks",
    problem: "needs git 2.29 or newer here, and this machine has 2.25.1",
    meaning: "Over ssh and for local repositories the git command of this machine is used.",
  },
  "key-may-not-write": {
    place: "ssh://git@github.com/octo-org/locks",
    problem: "cannot be reached by git push (The key you are authenticating with has been marked as read only)",
    meaning: "The ssh key may read the repository and not write to it.",
  },
  redirected: {
    problem: "redirects to https://login.example.com, which gets neither request nor credentials",
    meaning:
      "Credentials are sent to the host of the address only. A redirect to a login page means that the address is not that of the service itself.",
  },
  "certificate-untrusted": {
    problem: "has a certificate from an authority that this machine does not trust (SELF_SIGNED_CERT_IN_CHAIN)",
    meaning:
      "The certificate's authority is not known to Node: an authority of the company, for example, or a proxy that opens TLS.",
  },
  "certificate-expired": {
    problem: "has a certificate that has expired (CERT_HAS_EXPIRED)",
    meaning: "The certificate is not valid now, by this machine's clock.",
  },
  "certificate-revoked": {
    problem: "has a certificate that was revoked (CERT_REVOKED)",
    meaning: "The authority withdrew the certificate.",
  },
  "certificate-for-another-host": {
    problem: "has a certificate for another host (ERR_TLS_CERT_ALTNAME_INVALID)",
    meaning: "The certificate does not contain the host name of the address.",
  },
  "tls-failed": {
    problem: "made no TLS connection (EPROTO)",
    meaning: "The other side does not speak TLS: the port may be one for plain http.",
  },
  "token-missing": {
    problem: "asks for credentials (401)",
    meaning: "No token was given, and the repository does not accept requests without one.",
  },
  "token-refused": {
    problem: "refused the token (401)",
    meaning:
      "The token is wrong, has expired, or was revoked. An installation token of an app lasts an hour, and `GITHUB_TOKEN` until its job ends, at most 24 hours. If the post step gets this error, the job took longer than its token lasts: [a recipe](recipes.md#a-token-for-a-job-that-takes-long) gets a fresh one.",
  },
  "token-may-not-read": {
    problem: "does not let the token read (403)",
    meaning: "The token is valid, and is not allowed to read this repository.",
  },
  "token-may-not-write": {
    problem: "does not let the token write (403)",
    meaning: "The token is valid, and is not allowed to write to this repository.",
  },
  "repository-not-found": {
    problem: "is no repository that the token may see (404)",
    meaning: "The repository does not exist, or the token may not see it: GitHub answers the same in both cases.",
  },
  "not-a-repository": {
    problem: "cannot keep locks (it answered with text/html, not as a git server does)",
    meaning: "Something else than a git repository answers at this address.",
  },
  "update-refused": {
    problem: "refused to move refs/cronyx/report-527a7ccf1d4003f919ab9ac4ac096c09 (protected ref)",
    meaning: "The token may write, and a ruleset or a hook of the repository refused the ref.",
  },
  "git-missing": {
    place: "ssh://git@github.com/octo-org/locks",
    problem: "needs the git command, which cannot be run",
    meaning: "`git+ssh:` and `git+file:` run the git command.",
  },
  "git-failed": {
    place: "ssh://git@github.com/octo-org/locks",
    problem: "cannot be reached by git fetch (Host key verification failed)",
    meaning: "The git command failed. Its own words are in brackets.",
  },
  "temporary-folder-unusable": {
    place: "The folder for temporary files, /home/runner/work/_temp,",
    problem: "cannot be used (ENOSPC: no space left on device)",
    meaning:
      "For `git+ssh:` and `git+file:` the git command runs in a temporary repository, which could not be written.",
  },
  "login-missing": {
    place: "https://locks.example.com",
    problem: "asks for credentials (401)",
    meaning: "The server needs a login, and none was given.",
  },
  "login-refused": {
    place: "https://locks.example.com",
    problem: "refused the username and password (401)",
    meaning: "The server does not know this user name and password.",
  },
  "bearer-token-refused": {
    place: "https://locks.example.com",
    problem: "refused the token (401)",
    meaning: "The token has expired, is for another audience, or comes from an issuer that the server does not trust.",
  },
  "rules-forbid": {
    place: "https://locks.example.com",
    problem: "does not allow this (403: The server's rules do not allow this request for this token)",
    meaning: "The server knows the caller, and its rules do not allow this job.",
  },
  "request-refused": {
    place: "https://locks.example.com",
    problem: "refused the request (400: jobInterval is missing)",
    meaning: "The server checked the request, and names what is wrong with it.",
  },
  "not-a-server": {
    place: "https://example.com",
    problem: "does not answer as a CronyxServer (its answer is text/html, not JSON)",
    meaning: "The answer is not that of a CronyxServer, or has a value that no CronyxServer sends.",
  },
  "original-server": {
    place: "https://locks.example.com",
    problem: "cannot skip intervals, being an original CronyxServer (404)",
    meaning: "The original CronyxServer does not have this call.",
  },
  "server-too-old": {
    place: "https://locks.example.com",
    problem: "does not know catchUp, and granted another interval, which was interrupted again",
    meaning: "A server that does not know `startsAt` or `catchUp` ignores them.",
  },
  "start-unsettled": {
    place: "https://locks.example.com",
    problem:
      'does not say why "report" was not started, and the answer to an earlier attempt was lost, so that attempt may have taken the lock',
    meaning: "An answer was lost, and an original CronyxServer does not show whether the lock was taken.",
  },
  "oidc-not-permitted": {
    place: "GitHub's issuer of OIDC tokens",
    problem: "gives this job no token, which the input oidc-audience needs",
    meaning: "The job lacks a permission.",
    only: ["action"],
  },
  "oidc-failed": {
    place: "GitHub's issuer of OIDC tokens",
    problem: "answered 403 without a token",
    meaning: "GitHub gave no OIDC token.",
    only: ["action"],
  },
  "document-damaged": {
    place:
      "The state document at refs/cronyx/report-527a7ccf1d4003f919ab9ac4ac096c09 in https://github.com/octo-org/locks",
    problem: 'is damaged (finishedUntil is "yesterday", not an instant such as 2026-11-24T00:29:32.532Z)',
    meaning: "The state document was changed by hand, is cut off, or is of a newer release. It is never overwritten.",
    only: ["action", "command", "library", "server"],
  },
};

/** @type {Record<Exclude<DatabaseErrorCode, RemoteErrorCode>, ServiceMeaning>} */
export const DATABASE_MEANINGS = {
  "database-unreachable": {
    problem: "cannot be reached (ECONNREFUSED)",
    meaning: "There is no connection to the database, or no answer in time. Clients get 503, and may try again.",
  },
  "database-login-refused": {
    problem: 'cannot be used (password authentication failed for user "cronyx")',
    meaning: "The user or the password is wrong.",
  },
  "database-forbidden": {
    problem: "cannot be used (permission denied for schema public)",
    meaning: "The user may log in, and may not create or write the table; or the file is read-only.",
  },
  "database-not-found": {
    problem: 'cannot be used (database "cronyx" does not exist)',
    meaning: "The database, or the folder of the file, does not exist.",
  },
  "database-not-a-file": {
    problem: "is not a file",
    meaning: "The path leads to a folder or a device.",
  },
  "database-mounted-alone": {
    problem: "is on another file system than its folder /data",
    meaning: "The file itself is mounted, and the two files that SQLite keeps beside it are not.",
  },
  "database-cannot-open": {
    problem: "cannot be used (unable to open database file)",
    meaning: "The server's user may not read or write the file or its folder.",
  },
  "database-encoding": {
    problem: "has the encoding LATIN1, which lacks characters that a state document may contain",
    meaning: "Job names may hold any character, and only UTF-8 has all of them.",
  },
  "database-parameter-refused": {
    problem: "cannot be used (unsupported startup parameter: statement_timeout)",
    meaning: "A connection pooler refuses a parameter that the server sends when it connects.",
  },
  "database-tls-failed": {
    problem: "has a certificate from an authority that this machine does not trust (SELF_SIGNED_CERT_IN_CHAIN)",
    meaning: "The certificate of the database cannot be verified. Another attempt would change nothing.",
  },
  "database-disk-failed": {
    problem: "cannot be used (disk I/O error)",
    meaning: "The disk failed, or its quota is used up. Clients get 503, and may try again.",
  },
  "database-unusable": {
    problem: 'cannot be used (column "version" does not exist)',
    meaning: "The file is no database, or its table is not that of this server.",
  },
  "database-damaged": {
    problem: "cannot be used (database disk image is malformed)",
    meaning: "The database's file is damaged.",
  },
  "database-too-new": {
    problem: "has version 2 of the schema, and this release knows versions up to 1",
    meaning: "A newer release of the server made the table. An older one does not touch it.",
  },
  "database-replaced": {
    problem: "can no longer be used: /data/cronyx.db was replaced",
    meaning: "Another file took the place of the database while the server was running.",
  },
  "database-full": {
    problem: "cannot be used (database or disk is full)",
    meaning: "There is no room on the disk of the database.",
  },
  "database-busy": { problem: "is locked by another process", meaning: "Another process holds the file." },
  "database-refused": {
    problem: "cannot be used (out of shared memory)",
    meaning: "The database refused a statement for another reason, which is in brackets.",
  },
};
