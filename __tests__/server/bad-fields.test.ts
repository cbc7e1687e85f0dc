import { describe, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { expectRefusal, runUntouchedServer } from "../../testing/servers/untouched-server.ts";

const untouched = runUntouchedServer();

const LENGTHS = "years, months, weeks, days, hours, minutes, seconds";
const A_DURATION = 'a duration such as "90 minutes" or "PT1H30M"';
const USE_INTERVAL = `use the length of one interval, as a cron expression such as "0 * * * *", ${A_DURATION}, a whole number of milliseconds of at least 1, or an object of ${LENGTHS}`;
const A_DELAY = `as a whole number of milliseconds of at least 0, ${A_DURATION}, or an object of ${LENGTHS}`;
const FIELDS = "jobInterval, startBuffer, retryInterval, requiredJobNames, timezone, noLock, jobIntervalStartedAt";
const USE_INSTANT = "use an instant such as 2026-11-24T00:29:32.532Z, and only together with noLock";
const USE_WHOLE = "use a whole number of at least 0";

describe("a field of the body", () => {
  const year1 = { noLock: true, jobInterval: HOUR };
  test.each<[body: unknown, message: string]>([
    [{}, `jobInterval is missing: ${USE_INTERVAL}`],
    [{ jobInterval: null }, `jobInterval null is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: 0 }, `jobInterval 0 is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: -1 }, `jobInterval -1 is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: 1.5 }, `jobInterval 1.5 is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: true }, `jobInterval true is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: [] }, `jobInterval [] is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: "" }, `jobInterval "" is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: "* ".repeat(501) }, /^jobInterval "\* [* ]+… is not allowed: use the length of one interval/],
    [{ jobInterval: {} }, `jobInterval {} is not allowed: ${USE_INTERVAL}`],
    [{ jobInterval: { hours: 0 } }, 'jobInterval {"hours":0} has no length: use an interval longer than 0'],
    [{ jobInterval: { hours: -1 } }, `jobInterval.hours -1 is not allowed: ${USE_WHOLE}`],
    [{ jobInterval: { hours: 0.5 } }, `jobInterval.hours 0.5 is not allowed: ${USE_WHOLE}`],
    [{ jobInterval: { hours: "1" } }, `jobInterval.hours "1" is not allowed: ${USE_WHOLE}`],
    [{ jobInterval: { hours: null } }, `jobInterval.hours null is not allowed: ${USE_WHOLE}`],
    [
      { jobInterval: { hours: 1, fortnights: 1 } },
      `jobInterval contains the unknown field "fortnights": use ${LENGTHS} only`,
    ],
    [{ jobInterval: { years: 1001 } }, 'jobInterval {"years":1001} is too long: use at most 1000 years'],
    [{ jobInterval: 1e15 }, "jobInterval 1000000000000000 is too long: use at most 1000 years"],
    [
      { jobInterval: "every hour" },
      /^jobInterval "every hour" is not a cron expression \(it has 2 fields\): use "1 hour"$/,
    ],
    [
      { jobInterval: "60 * * * *" },
      /^jobInterval "60 \* \* \* \*" is not a cron expression \(its minute cannot be "60"\): use/,
    ],
    [
      { jobInterval: "* * * * * * *" },
      /^jobInterval "\* \* \* \* \* \* \*" is not a cron expression \(it has 7 fields\): use 5 fields/,
    ],
    [{ jobInterval: "0 0 31 4,6,9,11 *" }, /^jobInterval "0 0 31 4,6,9,11 \*" .* \(it matches no date\): use a day/],
    [{ jobInterval: "0 0 30 2 *" }, /^jobInterval "0 0 30 2 \*" .* \(it matches no date\): use a day/],
    [
      { jobInterval: HOUR, startBuffer: -1 },
      `startBuffer -1 is not allowed: use the delay after an interval's end, ${A_DELAY}`,
    ],
    [{ jobInterval: HOUR, startBuffer: "soon" }, /^startBuffer "soon" is not a length of time: use whole milliseconds/],
    [{ jobInterval: HOUR, startBuffer: "" }, /^startBuffer "" is not allowed: use the delay/],
    [{ jobInterval: "0 minutes" }, /^jobInterval "0 minutes" .*: use/],
    [{ jobInterval: HOUR, startBuffer: null }, /^startBuffer null is not allowed: use the delay/],
    [{ jobInterval: HOUR, startBuffer: {} }, /^startBuffer \{\} is not allowed: use the delay/],
    [{ jobInterval: HOUR, startBuffer: { days: -2 } }, `startBuffer.days -2 is not allowed: ${USE_WHOLE}`],
    [
      { jobInterval: HOUR, startBuffer: { years: 2000 } },
      'startBuffer {"years":2000} is too long: use at most 1000 years',
    ],
    [
      { jobInterval: HOUR, retryInterval: -1 },
      `retryInterval -1 is not allowed: use the delay after an active lock's last update, after which another start may take it over, ${A_DELAY}`,
    ],
    [{ jobInterval: HOUR, retryInterval: 0.1 }, /^retryInterval 0.1 is not allowed: use/],
    [{ jobInterval: HOUR, retryInterval: "* * * * *" }, /^retryInterval "\* \* \* \* \*" is not a length of time: use/],
    [
      { jobInterval: HOUR, retryInterval: { minute: 1 } },
      `retryInterval contains the unknown field "minute": use ${LENGTHS} only`,
    ],
    [
      { jobInterval: HOUR, requiredJobNames: "orders" },
      'requiredJobNames "orders" is not allowed: use a list of at most 1000 job names',
    ],
    [
      { jobInterval: HOUR, requiredJobNames: [""] },
      'requiredJobNames[0] "" is not allowed: use a text of 1 to 255 characters',
    ],
    [
      { jobInterval: HOUR, requiredJobNames: ["a", 1] },
      "requiredJobNames[1] 1 is not allowed: use a text of 1 to 255 characters",
    ],
    [
      { jobInterval: HOUR, requiredJobNames: [null] },
      "requiredJobNames[0] null is not allowed: use a text of 1 to 255 characters",
    ],
    [
      { jobInterval: HOUR, requiredJobNames: ["x".repeat(256)] },
      /^requiredJobNames\[0\] "x+… is not allowed: use a text of 1 to 255/,
    ],
    [
      { jobInterval: HOUR, requiredJobNames: Array(1001).fill("a") },
      /^requiredJobNames \["a",.*… is not allowed: use a list of at most 1000/,
    ],
    [
      { jobInterval: HOUR, requiredJobNames: ["report"] },
      /^requiredJobNames "report" names the job itself, .*: remove it/,
    ],
    [
      { jobInterval: HOUR, requiredJobNames: ["\ud800"] },
      /^requiredJobNames "\\ud800" is not well-formed Unicode: use/,
    ],
    [
      { jobInterval: HOUR, timezone: "" },
      'timezone "" is not allowed: use a name of the IANA time zone database, such as Europe/London',
    ],
    [
      { jobInterval: HOUR, timezone: 9 },
      "timezone 9 is not allowed: use a name of the IANA time zone database, such as Europe/London",
    ],
    [{ jobInterval: HOUR, timezone: "Mars/Olympus" }, /^timezone "Mars\/Olympus" is not an IANA time zone: use a name/],
    [
      { jobInterval: HOUR, timezone: "+09:00" },
      /^timezone "\+09:00" is not an IANA time zone \(Etc\/GMT-9 has this offset all year\): use/,
    ],
    [{ jobInterval: "0 0 * * *", timezone: "constructor" }, /^timezone "constructor" is not an IANA time zone: use/],
    [{ jobInterval: HOUR, noLock: "true" }, 'noLock "true" is not allowed: use true or false, without quotes'],
    [{ jobInterval: HOUR, noLock: 1 }, "noLock 1 is not allowed: use true or false, without quotes"],
    [{ jobInterval: HOUR, noLock: null }, "noLock null is not allowed: use true or false, without quotes"],
    [
      { jobInterval: HOUR, jobIntervalStartedAt: "2026-11-24T00:00:00Z" },
      /^jobIntervalStartedAt "2026-11-24T00:00:00.000Z" .* takes a lock: set noLock to true/,
    ],
    [
      { jobInterval: HOUR, noLock: false, jobIntervalStartedAt: "2026-11-24T00:00:00Z" },
      /takes a lock: set noLock to true/,
    ],
    [{ ...year1, jobIntervalStartedAt: 0 }, `jobIntervalStartedAt 0 is not allowed: ${USE_INSTANT}`],
    [
      { ...year1, jobIntervalStartedAt: "yesterday" },
      `jobIntervalStartedAt "yesterday" is not allowed: ${USE_INSTANT}`,
    ],
    [
      { ...year1, jobIntervalStartedAt: "2026-11-24" },
      `jobIntervalStartedAt "2026-11-24" is not allowed: ${USE_INSTANT}`,
    ],
    [{ ...year1, jobIntervalStartedAt: "2026-11-24T00:00" }, /^jobIntervalStartedAt .* is not allowed: use/],
    [{ ...year1, jobIntervalStartedAt: "2026-11-24T00:00:00.Z" }, /^jobIntervalStartedAt .* is not allowed: use/],
    [
      { ...year1, jobIntervalStartedAt: "2026-02-30T00:00:00Z" },
      /^jobIntervalStartedAt "2026-02-30T00:00:00Z" does not exist: use an instant/,
    ],
    [{ ...year1, jobIntervalStartedAt: "2026-13-01T00:00:00Z" }, / does not exist: use an instant/],
    [{ ...year1, jobIntervalStartedAt: "2026-11-24T24:00:00Z" }, / does not exist: use an instant/],
    [{ ...year1, jobIntervalStartedAt: "2026-11-24T00:00:00+99:00" }, / does not exist: use an instant/],
    [{ ...year1, jobIntervalStartedAt: "0000-01-01T00:00:00Z" }, / does not exist: use an instant/],
    [{ jobInterval: HOUR, retries: 3 }, `The body contains the unknown field "retries": use ${FIELDS} only`],
    [
      { jobInterval: HOUR, catchUp: "merge" },
      'The body contains the unknown field "catchUp": use it in the query, as ?catchUp=',
    ],
    [{ jobInterval: HOUR, jobName: "report" }, `The body contains the unknown field "jobName": use ${FIELDS} only`],
    [[], `The body [] is not allowed: use an object of ${FIELDS}`],
    [null, `The body null is not allowed: use an object of ${FIELDS}`],
    ["report", `The body "report" is not allowed: use an object of ${FIELDS}`],
    [60_000, `The body 60000 is not allowed: use an object of ${FIELDS}`],
  ] as [unknown, string][])("%j", async (body, message) => {
    expectRefusal(await untouched.server.start("/report", body), 400, message);
  });
});
