/** The texts of inputs, as a workflow gives them. */
export type InputTexts = Readonly<Record<string, string>>;

export const REPOSITORY = "git+https://github.com/octo-org/reports";
/** Inputs with nothing wrong. A test replaces single ones. */
export const GOOD_INPUTS: InputTexts = {
  "job-name": "report",
  "job-interval": "1 hour",
  "no-lock": "false",
  url: REPOSITORY,
  "job-status": "success",
};

const CRON = "cron expression";
const FIELDS = "minute, hour, day of the month, month, day of the week";
const UNITS = "years, months, weeks, days, hours, minutes, seconds";
const FORMS = "whole milliseconds (3600000), an ISO 8601 duration (PT1H30M), a plain one (90 minutes";
const WHOLE = "whole number";
const LONGER = "use an interval longer than 0";
const NEGATIVE = "is negative";
const STARTED_AT = "job-interval-started-at";
const STARTS_AT = "starts-at";
const INSTANT = "use an ISO 8601 instant such as 2026-11-24T00:00:00Z";
const URLS = "git+https://HOST/PATH, git+ssh://HOST/PATH, git+file:///PATH, or git+http://HOST/PATH with HOST on this";

const SERVER = "https://locks.example.com";
const SERVER_URLS = "use https://HOST[/PATH] of a CronyxServer, or git+https://HOST/PATH of a repository";

/** Wrong inputs, and the parts of the error message: the input, its value, and the allowed values. */
export const WRONG_INPUTS: [inputs: InputTexts, says: string[]][] = [
  [{ "job-name": "" }, ["job-name", "missing"]],
  [{ "job-name": " \n" }, ["job-name", "missing"]],
  [{ "job-name": "x".repeat(256) }, ["job-name", '"xxxx', "256 characters", "use 1 to 255"]],

  [{ "job-interval": "" }, ["job-interval", "missing"]],
  [{ "job-interval": "often" }, ["job-interval", '"often"', "cron expression (0 * * * *)", FORMS]],
  [{ "job-interval": "hourly" }, ["job-interval", '"hourly"', 'use "@hourly"']],
  [{ "job-interval": "true" }, ["job-interval", '"true"', FORMS]],
  [{ "job-interval": "0" }, ["job-interval", "0", LONGER]],
  [{ "job-interval": "-5" }, ["job-interval", "-5", LONGER]],
  [{ "job-interval": "1.5" }, ["job-interval", "1.5", WHOLE]],
  [{ "job-interval": "1.2.3" }, ["job-interval", '"1.2.3"', FORMS]],
  [{ "job-interval": "." }, ["job-interval", '"."', FORMS]],
  [{ "job-interval": "1e3" }, ["job-interval", '"1e3"', FORMS]],
  [{ "job-interval": "0x10" }, ["job-interval", '"0x10"', FORMS]],
  [{ "job-interval": "40000000000000" }, ["job-interval", "40000000000000", "1000 years"]],
  [{ "job-interval": "P" }, ["job-interval", '"P"', FORMS]],
  [{ "job-interval": "P1H" }, ["job-interval", '"P1H"', "use PT1H"]],
  [{ "job-interval": "PT1H30" }, ["job-interval", '"PT1H30"', FORMS]],
  [{ "job-interval": "P1D2H" }, ["job-interval", '"P1D2H"', "use P1DT2H"]],
  [{ "job-interval": "P1DT" }, ["job-interval", '"P1DT"', FORMS]],
  [{ "job-interval": "P1D and more" }, ["job-interval", '"P1D and more"', FORMS]],
  [{ "job-interval": "PT0.5H" }, ["job-interval", "0.5", WHOLE]],
  [{ "job-interval": "-PT1H" }, ["job-interval", '"-PT1H"', NEGATIVE]],
  [{ "job-interval": "PT0S" }, ["job-interval", LONGER]],
  [{ "job-interval": "5 lightyears" }, ["job-interval", '"5 lightyears"', '"lightyears"', UNITS]],
  [{ "job-interval": "1 hour 500 ms" }, ["job-interval", '"1 hour 500 ms"', "milliseconds beside other units"]],
  [{ "job-interval": "5 constructor" }, ["job-interval", '"5 constructor"', '"constructor"', UNITS]],
  [{ "job-interval": "1.5 hours" }, ["job-interval", '"1.5 hours"', WHOLE, 'use "90 minutes"']],
  [{ "job-interval": "0 minutes" }, ["job-interval", LONGER]],
  [{ "job-interval": "2000 years" }, ["job-interval", "2000", "1000 years"]],
  [{ "job-interval": "1 hour 30" }, [CRON, '"1 hour 30"', FIELDS]],
  [{ "job-interval": "{}" }, ["job-interval", "{}", "at least one of years"]],
  [{ "job-interval": "{ hours: 1.5 }" }, ["job-interval", "1.5", "hours", WHOLE]],
  [{ "job-interval": "{ hours: -1 }" }, ["job-interval", "-1 hours", "which is negative", "0 hours or more"]],
  [{ "job-interval": '{ "hours": "1" }' }, ["job-interval", '"1"', WHOLE]],
  [{ "job-interval": "{ lightyears: 1 }" }, ["job-interval", '"lightyears"', UNITS]],
  [{ "job-interval": '{ "__proto__": 1 }' }, ["job-interval", "__proto__", UNITS]],
  [{ "job-interval": "{ hours: one }" }, ["job-interval", '"{ hours: one }"', FORMS]],
  [{ "job-interval": "{ hours: 1" }, ["job-interval", '"{ hours: 1"', FORMS]],
  [{ "job-interval": "[1]" }, ["job-interval", '"[1]"', FORMS]],
  [{ "job-interval": "* * *" }, [CRON, '"* * *"', FIELDS]],
  [{ "job-interval": "* * * * * * *" }, [CRON, '"* * * * * * *"', FIELDS]],
  [{ "job-interval": "60 * * * *" }, [CRON, '"60 * * * *"', 'minute cannot be "60"']],
  [{ "job-interval": "a b c d e" }, [CRON, '"a b c d e"']],
  [{ "job-interval": "0 0 31 2 *" }, [CRON, '"0 0 31 2 *"', "no date", "a day that its months have"]],
  [{ "job-interval": "0 0 * * fri-mon" }, [CRON, '"0 0 * * fri-mon"', 'use "0 0 * * fri,sat,sun,mon"']],
  [
    { "job-interval": "TZ=Asia/Tokyo 0 9 * * *" },
    [CRON, '"TZ=Asia/Tokyo', '"0 9 * * *", with timezone set to Asia/Tokyo'],
  ],
  [{ "job-interval": "@every 5m" }, [CRON, '"@every 5m"', 'use "5 minutes"']],
  [{ "retry-interval": "every 5 minutes" }, ["retry-interval", 'use "5 minutes"']],
  [{ "job-interval": "H H * * *" }, [CRON, '"H H * * *"', 'use "0 0 * * *"']],
  [{ "job-interval": "0 0,6,12,18 * * ? *" }, [CRON, 'month cannot be "?"', 'use "0 0,6,12,18 * * *"']],
  [{ "job-interval": "@never" }, [CRON, '"@never"', "@hourly"]],

  [{ "start-buffer": "0 * * * *" }, ["start-buffer", '"0 * * * *"', FORMS]],
  [{ "start-buffer": "@daily" }, ["start-buffer", '"@daily"', FORMS]],
  [{ "start-buffer": "-1" }, ["start-buffer", "-1", NEGATIVE]],
  [{ "start-buffer": "2000 years" }, ["start-buffer", "2000", "1000 years"]],
  [{ "retry-interval": "never" }, ["retry-interval", '"never"', FORMS]],
  [{ "retry-interval": "{ hours: -1 }" }, ["retry-interval", "-1 hours", "which is negative", "0 hours or more"]],
  [{ "retry-interval": "1.5 s" }, ["retry-interval", "1.5", "seconds", WHOLE]],

  [{ "required-job-names": "orders, report" }, ["required-job-names", '"report"', "names the job itself"]],
  [{ "required-job-names": "y".repeat(256) }, ["required-job-names", '"yyyy', "256 characters", "use 1 to 255"]],

  [{ timezone: "Mars/Olympus" }, ["timezone", '"Mars/Olympus"', "IANA", "Europe/London"]],
  [{ timezone: "+09:00" }, ["timezone", '"+09:00"', "IANA", "Etc/GMT-9"]],
  [{ timezone: "UTC+2" }, ["timezone", '"UTC+2"', "Etc/GMT-2"]],

  [{ "no-lock": "yes" }, ["no-lock", '"yes"', "true or false"]],
  [{ "no-lock": "tRUE" }, ["no-lock", '"tRUE"', "true or false"]],

  [
    { [STARTED_AT]: "2026-11-24T00:00:00Z" },
    [STARTED_AT, '"2026-11-24T00:00:00.000Z"', "takes a lock", "set no-lock to true"],
  ],
  [
    { "no-lock": "true", [STARTED_AT]: "2026-11-24" },
    [STARTED_AT, '"2026-11-24"', "use 2026-11-24T00:00:00Z, if UTC is meant"],
  ],
  [
    { "no-lock": "true", [STARTED_AT]: "2026-11-24T00:00:00" },
    [STARTED_AT, '"2026-11-24T00:00:00"', "use 2026-11-24T00:00:00Z, if UTC"],
  ],
  [{ "no-lock": "true", [STARTED_AT]: "2026-02-30T00:00:00Z" }, [STARTED_AT, '"2026-02-30T00:00:00Z"', INSTANT]],
  [
    { "no-lock": "true", [STARTED_AT]: "1790000000000" },
    [STARTED_AT, '"1790000000000"', "use 2026-09-21T14:13:20.000Z"],
  ],
  [{ "no-lock": "true", [STARTED_AT]: "2026-11-24T25:00:00Z" }, [STARTED_AT, '"2026-11-24T25:00:00Z"', INSTANT]],

  [{ [STARTS_AT]: "tomorrow" }, [STARTS_AT, '"tomorrow"', INSTANT, "or a date such as 2026-11-24"]],
  [{ [STARTS_AT]: "2026-02-30" }, [STARTS_AT, '"2026-02-30"', INSTANT]],
  [
    { [STARTS_AT]: "2026-11-01T00:00:00" },
    [STARTS_AT, '"2026-11-01T00:00:00"', "use 2026-11-01T00:00:00Z, if UTC is meant"],
  ],
  [{ [STARTS_AT]: "0000-12-31T00:00:00Z" }, [STARTS_AT, '"0000-12-31T00:00:00Z"', INSTANT]],
  [{ [STARTS_AT]: "2026-11-01", timezone: "BST" }, ["timezone", '"BST"', "Europe/London may be meant"]],
  [{ [STARTS_AT]: "2026-11-01", url: SERVER }, [STARTS_AT, '"2026-11-01"', "set the input timezone"]],
  [
    { [STARTS_AT]: "2026-11-01T00:00:00Z", "no-lock": "true", [STARTED_AT]: "2026-11-24T00:00:00Z" },
    [STARTS_AT, "2026-11-01T00:00:00.000Z", "chooses its interval", "leave it out"],
  ],

  [{ "catch-up": "all" }, ["catch-up", '"all"', "each, merge, latest"]],
  [{ "catch-up": "Latest" }, ["catch-up", '"Latest"', "each, merge, latest"]],
  [
    { "catch-up": "each", "no-lock": "true", [STARTED_AT]: "2026-11-24T00:00:00Z" },
    ["catch-up", '"each"', "chooses its interval", "leave it out"],
  ],

  [{ url: "octo-org/locks" }, ["url", '"octo-org/locks"', "use git+https://github.com/octo-org/locks"]],
  [{ url: "git@host:o/r.git" }, ["url", '"git@host:o/r.git"', "use git+ssh://git@host/o/r.git"]],
  [{ url: "git+ftp://example.com/locks" }, ["url", '"git+ftp://example.com/locks"', URLS]],
  [{ url: "git+http://example.com/locks" }, ["url", '"git+http://example.com/locks"', "unencrypted", URLS]],
  [{ url: "git+https://example.com/" }, ["url", '"git+https://example.com/"', URLS]],
  [{ url: "git+file:locks.git" }, ["url", '"git+file:locks.git"', URLS]],
  [{ url: "git+file://server/locks.git" }, ["url", "names no repository: use git+file:///server/locks.git"]],
  [{ url: "git+https:github.com/o/r" }, ["url", "names no repository: use git+https://github.com/o/r"]],
  [{ url: "localhost:3000" }, ["url", "has an unknown scheme: use http://localhost:3000"]],
  [{ url: "127.0.0.1:3000" }, ["url", "is not a URL: use http://127.0.0.1:3000"]],
  [{ url: "git+https://me:hunter2@github.com/o/r" }, ["url", "credentials", "input token", URLS]],
  [{ url: "git+https://hunter2@github.com/o/r" }, ["url", "credentials", "input token", URLS]],
  [{ url: "git+ssh://git:hunter2@github.com/o/r" }, ["url", "credentials", URLS]],
  [{ url: "https://me:hunter2@example.com/" }, ["url", "credentials", "username and password", SERVER_URLS]],
  [{ url: "https:me:hunter2@example.com/" }, ["url", "names no server", SERVER_URLS]],
  [{ url: "https://" }, ["url", "names no server", SERVER_URLS]],
  [{ url: "git+https:me:hunter2@github.com/o/r" }, ["url", URLS]],
  [{ url: "git+https:///me:hunter2@github.com/o/r" }, ["url", URLS]],
  [{ url: "x-access-token:hunter2@github.com/o/r" }, ["url", URLS]],
  [{ url: "me:hunter2@github.com:o/r.git" }, ["url", URLS]],
  [{ url: "git+https://github.com/o/r?token=hunter2" }, ["url", "query", URLS]],
  [{ url: "https://locks.example.com/?token=hunter2" }, ["url", "query", SERVER_URLS]],
  [{ url: "https://locks.example.com/#hunter2" }, ["url", "fragment", SERVER_URLS]],

  [{ deadline: "soon" }, ["deadline", '"soon"', FORMS]],
  [{ deadline: "0" }, ["deadline", '"0"', "1 second to 30 minutes"]],
  [{ deadline: "999" }, ["deadline", '"999"', "1 second to 30 minutes"]],
  [{ deadline: "31 minutes" }, ["deadline", '"31 minutes"', "1 second to 30 minutes"]],
  [{ deadline: "1 day" }, ["deadline", '"1 day"', "differs in length", "1 second to 30 minutes"]],

  [{ token: "hunter2 and more" }, ["token", "as it was issued"]],
  [{ token: "hunter2\nhunter2" }, ["token", "as it was issued"]],
  [{ token: "hunter2é" }, ["token", "as it was issued"]],

  [
    { url: "git+ssh://git@h/r", username: "me", password: "hunter2" },
    ["username and password", "CronyxServer", "ssh key"],
  ],
  [{ password: "hunter2" }, ["username is missing", "together"]],
  [{ "oidc-audience": "cronyx" }, ["oidc-audience", "CronyxServer", "token"]],
  [{ url: SERVER, username: "me" }, ["password is missing", "together"]],
  [{ url: SERVER, password: "hunter2" }, ["username is missing", "together"]],
  [{ url: SERVER, username: "me", password: "hunter2", "oidc-audience": "cronyx" }, ["username and oidc-audience"]],
  [{ url: SERVER, username: "m:e", password: "hunter2" }, ["username", '"m:e"', "colon"]],

  [{ "job-status": "skipped" }, ["job-status", '"skipped"', "success, failure, cancelled"]],
];
