import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { StepResult } from "../../demo/runner.mjs";
import { loadInputs } from "../../src/action/inputs.ts";
import { startJob } from "../../src/action/start-job.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { prepareStart } from "../../src/scheduler/start-request.ts";
import { toolkitWith } from "./toolkit.ts";
import { annotations, type Inputs, inParallel, LocksRepository, NOTHING_TO_END } from "./workflow.ts";

const REPOSITORY = "git+https://github.com/octo-org/reports";
const GOOD: Inputs = {
  "job-name": "report",
  "job-interval": "1 hour",
  "no-lock": "false",
  url: REPOSITORY,
  "job-status": "success",
};

/** The runner's toolkit, as far as a step that is refused needs it: what it was told is kept. */
async function requestFor(inputs: Inputs) {
  const { request } = await loadInputs(toolkitWith({ ...GOOD, ...inputs }).toolkit, {});
  // What the scheduler checks only later has to be right as well.
  await prepareStart(request);
  return request;
}

describe("accepted", () => {
  const INTERVALS: [text: string, interval: unknown][] = [
    ["0 * * * *", "0 * * * *"],
    ["*/15 9-17 * jan-mar MON-FRI", "*/15 9-17 * jan-mar MON-FRI"],
    ["30 0 12 * * *", "30 0 12 * * *"],
    ["0 0 L * *", "0 0 L * *"],
    ["@hourly", "@hourly"],
    ["@yearly", "@yearly"],
    ["3600000", 3_600_000],
    ["+60000", 60_000],
    ["1", 1],
    ["PT1H30M", { hours: 1, minutes: 30 }],
    ["P1D", { days: 1 }],
    ["P2W", { weeks: 2 }],
    ["pt15m", { minutes: 15 }],
    ["+P1M", { months: 1 }],
    ["P1Y2M3DT4H5M6S", { years: 1, months: 2, days: 3, hours: 4, minutes: 5, seconds: 6 }],
    ["90 minutes", { minutes: 90 }],
    ["1h 30m", { hours: 1, minutes: 30 }],
    ["1h30m", { hours: 1, minutes: 30 }],
    ["1 day", { days: 1 }],
    ["2 Weeks", { weeks: 2 }],
    ["1 yr, 6 mos and 2 wks", { years: 1, months: 6, weeks: 2 }],
    ["2 hrs 5 mins 45 secs", { hours: 2, minutes: 5, seconds: 45 }],
    ["1y 1mo 1w 1d 1h 1m 1s", { years: 1, months: 1, weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1 }],
    ["1h 1h", { hours: 2 }],
    ['{"hours":1}', { hours: 1 }],
    ["{ hours: 1 }", { hours: 1 }],
    ["{hours: 1, minutes: 30}", { hours: 1, minutes: 30 }],
    ["{ 'days': 1, }", { days: 1 }],
    ["{\n  hours: 1,\n  minutes: 30\n}", { hours: 1, minutes: 30 }],
    ["  1 hour\n", { hours: 1 }],
    ["1000 years", { years: 1000 }],
  ];
  test.each(INTERVALS)("job-interval: %j", async (text, interval) => {
    expect((await requestFor({ "job-interval": text })).jobInterval).toEqual(interval);
  });

  const WAITS: [text: string, wait: unknown][] = [
    ["", undefined],
    ["0", 0],
    ["90000", 90_000],
    ["PT0S", { seconds: 0 }],
    ["PT10M", { minutes: 10 }],
    ["5 minutes", { minutes: 5 }],
    ["{ minutes: 5 }", { minutes: 5 }],
  ];
  test.each(WAITS)("start-buffer and retry-interval: %j", async (text, wait) => {
    const request = await requestFor({ "start-buffer": text, "retry-interval": text });
    expect([request.startBuffer, request.retryInterval]).toEqual([wait, wait]);
  });

  test.each([
    ["", []],
    ["orders", ["orders"]],
    ["orders, customers", ["orders", "customers"]],
    ["orders\ncustomers\n", ["orders", "customers"]],
    [" orders ,\n\n customers of the north,", ["orders", "customers of the north"]],
  ])("required-job-names: %j", async (text, names) => {
    expect((await requestFor({ "required-job-names": text })).requiredJobNames).toEqual(names);
  });

  test.each([
    ["true", true],
    ["True", true],
    ["TRUE", true],
    ["false", false],
    ["False", false],
    ["FALSE", false],
    ["", false],
  ])("no-lock: %j", async (text, noLock) => {
    expect((await requestFor({ "no-lock": text })).noLock).toBe(noLock);
  });

  test.each([
    ["2026-11-24T00:00:00Z", "2026-11-24T00:00:00.000Z"],
    ["2026-11-24t00:00z", "2026-11-24T00:00:00.000Z"],
    ["2026-11-24T09:00:00+09:00", "2026-11-24T00:00:00.000Z"],
    ["2026-11-23T19:30:00.250-04:30", "2026-11-24T00:00:00.250Z"],
    ["2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"],
  ])("job-interval-started-at: %s", async (text, instant) => {
    const { jobIntervalStartedAt } = await requestFor({ "no-lock": "true", "job-interval-started-at": text });
    expect(jobIntervalStartedAt).toBe(Date.parse(instant));
  });

  test.each(["Europe/London", "UTC", "america/new_york", "Asia/Kathmandu"])("timezone: %s", async (timezone) => {
    expect((await requestFor({ timezone })).timezone).toBe(timezone);
  });

  test.each(["hourly-report", "日報", "a/../b.lock", "::error::", "x".repeat(255), "two words"])(
    "job-name: %s",
    async (name) => expect((await requestFor({ "job-name": name })).jobName).toBe(name),
  );

  test.each([
    REPOSITORY,
    "git+https://git.example.com:8443/team/locks.git/",
    "git+http://127.0.0.1:3000/locks.git",
    "git+http://localhost/locks.git",
    "git+file:///srv/git/locks.git",
    "git+ssh://git@github.com/octo-org/locks.git",
    "https://locks.example.com",
    "HTTPS://locks.example.com:8443/team/",
    "http://127.0.0.1:3000",
  ])("url: %s", async (url) => {
    expect((await loadInputs(toolkitWith({ ...GOOD, url }).toolkit, {})).url).toBe(url);
  });

  test("an empty url is this repository", async () => {
    const { toolkit } = toolkitWith({ ...GOOD, url: "" });
    const env = { GITHUB_SERVER_URL: "https://github.example.com", GITHUB_REPOSITORY: "octo-org/reports" };
    expect((await loadInputs(toolkit, env)).url).toBe("git+https://github.example.com/octo-org/reports");
  });

  test("what is left out is left to the scheduler", async () => {
    expect(await requestFor({})).toEqual({
      jobName: "report",
      jobInterval: { hours: 1 },
      requiredJobNames: [],
      noLock: false,
    });
  });
});

describe("refused", () => {
  const CRON = "cron expression";
  const FIELDS = "minute, hour, day of the month, month, day of the week";
  const UNITS = "years, months, weeks, days, hours, minutes, seconds";
  const FORMS = "whole milliseconds (3600000), an ISO 8601 duration (PT1H30M), a plain one (90 minutes";
  const WHOLE = "whole number";
  const LONGER = "longer than 0";
  const NEGATIVE = "can't be negative";
  const STARTED_AT = "job-interval-started-at";
  const INSTANT = "give an ISO 8601 instant such as 2026-11-24T00:00:00Z";
  const URLS =
    "git+https://HOST/PATH, git+ssh://HOST/PATH, git+file:///PATH, or git+http://HOST/PATH with HOST on this";

  const SERVER = "https://locks.example.com";
  const SERVER_URLS = "give https://HOST[/PATH] of a CronyxServer, or git+https://HOST/PATH of a repository";

  /** The inputs that are wrong, and what the message says: the input, the value and what is allowed. */
  const WRONG: [inputs: Inputs, says: string[]][] = [
    [{ "job-name": "" }, ["job-name", "missing"]],
    [{ "job-name": " \n" }, ["job-name", "missing"]],
    [{ "job-name": "x".repeat(256) }, ["job name", '"xxxx', "256 characters", "at most 255"]],

    [{ "job-interval": "" }, ["job-interval", "missing"]],
    [{ "job-interval": "hourly" }, ["job-interval", '"hourly"', "cron expression (0 * * * *)", FORMS]],
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
    [{ "job-interval": "P1H" }, ["job-interval", '"P1H"', FORMS]],
    [{ "job-interval": "PT1H30" }, ["job-interval", '"PT1H30"', FORMS]],
    [{ "job-interval": "P1D2H" }, ["job-interval", '"P1D2H"', FORMS]],
    [{ "job-interval": "P1DT" }, ["job-interval", '"P1DT"', FORMS]],
    [{ "job-interval": "P1D and more" }, ["job-interval", '"P1D and more"', FORMS]],
    [{ "job-interval": "PT0.5H" }, ["job-interval", "0.5", WHOLE]],
    [{ "job-interval": "-PT1H" }, ["job-interval", '"-PT1H"', NEGATIVE]],
    [{ "job-interval": "PT0S" }, ["job-interval", LONGER]],
    [{ "job-interval": "5 lightyears" }, ["job-interval", '"5 lightyears"', '"lightyears"', UNITS]],
    [{ "job-interval": "500 ms" }, ["job-interval", '"500 ms"', '"ms"', UNITS]],
    [{ "job-interval": "5 constructor" }, ["job-interval", '"5 constructor"', '"constructor"', UNITS]],
    [{ "job-interval": "1.5 hours" }, ["job-interval", "1.5", "hours", WHOLE]],
    [{ "job-interval": "0 minutes" }, ["job-interval", LONGER]],
    [{ "job-interval": "2000 years" }, ["job-interval", "2000", "1000 years"]],
    [{ "job-interval": "1 hour 30" }, [CRON, '"1 hour 30"', FIELDS]],
    [{ "job-interval": "{}" }, ["job-interval", "{}", "at least one of years"]],
    [{ "job-interval": "{ hours: 1.5 }" }, ["job-interval", "1.5", "hours", WHOLE]],
    [{ "job-interval": "{ hours: -1 }" }, ["job-interval", "-1", NEGATIVE]],
    [{ "job-interval": '{ "hours": "1" }' }, ["job-interval", '"1"', WHOLE]],
    [{ "job-interval": "{ lightyears: 1 }" }, ["job-interval", '"lightyears"', UNITS]],
    [{ "job-interval": '{ "__proto__": 1 }' }, ["job-interval", "__proto__", UNITS]],
    [{ "job-interval": "{ hours: one }" }, ["job-interval", '"{ hours: one }"', FORMS]],
    [{ "job-interval": "{ hours: 1" }, ["job-interval", '"{ hours: 1"', FORMS]],
    [{ "job-interval": "[1]" }, ["job-interval", '"[1]"', FORMS]],
    [{ "job-interval": "* * *" }, [CRON, '"* * *"', FIELDS]],
    [{ "job-interval": "* * * * * * *" }, [CRON, '"* * * * * * *"', FIELDS]],
    [{ "job-interval": "60 * * * *" }, [CRON, '"60 * * * *"', 'minute can\'t be "60"']],
    [{ "job-interval": "a b c d e" }, [CRON, '"a b c d e"']],
    [{ "job-interval": "0 0 31 2 *" }, [CRON, '"0 0 31 2 *"', "no date"]],
    [{ "job-interval": "@never" }, [CRON, '"@never"', "@hourly"]],

    [{ "start-buffer": "0 * * * *" }, ["start-buffer", '"0 * * * *"', FORMS]],
    [{ "start-buffer": "@daily" }, ["start-buffer", '"@daily"', FORMS]],
    [{ "start-buffer": "-1" }, ["start-buffer", "-1", NEGATIVE]],
    [{ "start-buffer": "2000 years" }, ["start-buffer", "2000", "1000 years"]],
    [{ "retry-interval": "never" }, ["retry-interval", '"never"', FORMS]],
    [{ "retry-interval": "{ hours: -1 }" }, ["retry-interval", "-1", NEGATIVE]],
    [{ "retry-interval": "1.5 s" }, ["retry-interval", "1.5", "seconds", WHOLE]],

    [{ "required-job-names": "orders, report" }, ['"report"', "requires itself"]],
    [{ "required-job-names": "y".repeat(256) }, ["job name", '"yyyy', "at most 255"]],

    [{ timezone: "Mars/Olympus" }, ["timezone", '"Mars/Olympus"', "IANA", "Europe/London"]],
    [{ timezone: "+09:00" }, ["timezone", '"+09:00"', "IANA"]],

    [{ "no-lock": "yes" }, ["no-lock", '"yes"', "true or false"]],
    [{ "no-lock": "tRUE" }, ["no-lock", '"tRUE"', "true or false"]],

    [{ [STARTED_AT]: "2026-11-24T00:00:00Z" }, ["interval's start", "no-lock"]],
    [{ "no-lock": "true", [STARTED_AT]: "2026-11-24" }, [STARTED_AT, '"2026-11-24"', INSTANT]],
    [{ "no-lock": "true", [STARTED_AT]: "2026-11-24T00:00:00" }, [STARTED_AT, '"2026-11-24T00:00:00"', INSTANT]],
    [{ "no-lock": "true", [STARTED_AT]: "2026-02-30T00:00:00Z" }, [STARTED_AT, '"2026-02-30T00:00:00Z"', INSTANT]],
    [{ "no-lock": "true", [STARTED_AT]: "1790000000000" }, [STARTED_AT, '"1790000000000"', INSTANT]],
    [{ "no-lock": "true", [STARTED_AT]: "2026-11-24T25:00:00Z" }, [STARTED_AT, '"2026-11-24T25:00:00Z"', INSTANT]],

    [{ url: "octo-org/locks" }, ["url", '"octo-org/locks"', URLS]],
    [{ url: "git+ftp://example.com/locks" }, ["url", '"git+ftp://example.com/locks"', URLS]],
    [{ url: "git+http://example.com/locks" }, ["url", '"git+http://example.com/locks"', "unencrypted", URLS]],
    [{ url: "git+https://example.com/" }, ["url", '"git+https://example.com/"', URLS]],
    [{ url: "git+file:locks.git" }, ["url", '"git+file:locks.git"', URLS]],
    [{ url: "git+file://server/locks.git" }, ["url", '"git+file://server/locks.git"', URLS]],
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

    [{ token: "hunter2 and more" }, ["token", "as it was issued"]],
    [{ token: "hunter2\nhunter2" }, ["token", "as it was issued"]],
    [{ token: "hunter2é" }, ["token", "as it was issued"]],

    [{ username: "me", password: "hunter2" }, ["username, password and oidc-audience", "CronyxServer", "token"]],
    [{ "oidc-audience": "cronyx" }, ["oidc-audience", "CronyxServer", "token"]],
    [{ url: SERVER, username: "me" }, ["password is missing", "together"]],
    [{ url: SERVER, password: "hunter2" }, ["username is missing", "together"]],
    [{ url: SERVER, username: "me", password: "hunter2", "oidc-audience": "cronyx" }, ["username and oidc-audience"]],
    [{ url: SERVER, username: "m:e", password: "hunter2" }, ["username", '"m:e"', "colon"]],

    [{ "job-status": "skipped" }, ["job-status", '"skipped"', "success, failure, cancelled"]],
  ];

  let repository: LocksRepository;
  beforeAll(async () => {
    repository = await LocksRepository.serve();
  });
  afterAll(() => repository.close());

  test.each(WRONG)("%j", async (inputs, says) => {
    const { toolkit, errors, state, outputs } = toolkitWith({ ...GOOD, url: repository.httpUrl, ...inputs });
    await startJob({ toolkit, env: {}, now: Date.now, newId: () => "id", deadline: () => deadlineIn(5_000) });
    expect(errors).toHaveLength(1);
    const [error = ""] = errors;
    for (const part of says) expect(error).toContain(part);
    expect(error).not.toMatch(/[.!?] [A-Z]|\n/);
    expect(error).not.toContain("hunter2");
    expect(state).toEqual(NOTHING_TO_END);
    expect(outputs).toEqual({});
    expect(repository.exchanges).toEqual([]);
  });

  describe("by the bundle", () => {
    /** One of each kind: each of them reaches the log by a way of its own. */
    const SAMPLE = WRONG.filter(([inputs], at) => {
      const kind = (row: Inputs | undefined) => JSON.stringify(Object.keys(row ?? {}));
      return kind(inputs) !== kind(WRONG[at - 1]?.[0]) || "token" in inputs;
    });
    let runs: { main: StepResult; post: StepResult }[];
    beforeAll(async () => {
      runs = await inParallel(SAMPLE, 4, async ([inputs]) => {
        const step = repository.step({ ...GOOD, url: repository.httpUrl, ...inputs });
        return { main: await step.main(), post: await step.post("failure") };
      });
    });

    test.each(SAMPLE.map(([inputs, says], at) => ({ inputs, says, at })))("$inputs", ({ says, at }) => {
      const main = runs[at]?.main as StepResult;
      expect(main.code).toBe(1);
      const errors = annotations("error", main);
      expect(errors).toHaveLength(1);
      for (const part of says) expect(errors[0]).toContain(part);
      expect(main.log.filter((line) => !line.startsWith("::add-mask::")).join("\n")).not.toContain("hunter2");
      expect(main.outputs).toEqual({});
      expect(main.state).toEqual(NOTHING_TO_END);
      // Its job-status may be the wrong input: it is not asked for where there is nothing to end.
      expect(runs[at]?.post).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"], outputs: {} });
    });

    test("nothing was sent or written", async () => {
      expect(repository.exchanges).toEqual([]);
      expect(await repository.refs()).toEqual([]);
    });
  });

  test("with nothing wrong, the repository is asked", async () => {
    const main = await repository.step({ ...GOOD, url: repository.httpUrl }).main();
    expect(main.outputs.started).toBe("true");
    expect(repository.exchanges.length).toBeGreaterThan(0);
  });
});
