import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadDeadline, loadInputs } from "../../src/action/inputs.ts";
import { startJob } from "../../src/action/start-job.ts";
import { canonicalUrl, parseLocation } from "../../src/location/location.ts";
import { prepareStart } from "../../src/scheduler/start-request.ts";
import type { InputTexts } from "../../testing/action/inputs.ts";
import { GOOD_INPUTS, REPOSITORY, WRONG_INPUTS } from "../../testing/action/inputs.ts";
import { surroundingsOf, toolkitWith } from "../../testing/action/recording-toolkit.ts";
import { NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { serveGit } from "../../testing/git/git-server.mjs";

/** @returns the request that main makes of these inputs. */
async function requestFor(inputs: InputTexts) {
  const { request } = loadInputs(toolkitWith({ ...GOOD_INPUTS, ...inputs }).toolkit, {});
  // The scheduler checks some values only later, and must accept them too.
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

  test.each([
    ["2026-11-24T09:00:00+09:00", "", "2026-11-24T00:00:00.000Z"],
    ["2026-11-01", "", "2026-11-01T00:00:00.000Z"],
    ["2026-11-01", "Asia/Tokyo", "2026-10-31T15:00:00.000Z"],
    ["2024-09-08", "America/Santiago", "2024-09-08T04:00:00.000Z"],
  ])("starts-at: %s, timezone: %j", async (text, timezone, instant) => {
    expect((await requestFor({ "starts-at": text, timezone })).startsAt).toBe(Date.parse(instant));
  });

  test("starts-at at a server: an instant, or a date in a timezone that the workflow names", async () => {
    const server = { url: "https://locks.example.com", "starts-at": "2026-11-01" };
    expect((await requestFor({ ...server, timezone: "UTC" })).startsAt).toBe(Date.parse("2026-11-01T00:00:00Z"));
    expect((await requestFor({ ...server, "starts-at": "2026-11-01T00:00Z" })).timezone).toBeUndefined();
  });

  test.each([
    ["", undefined],
    ["each", "each"],
    ["merge", "merge"],
    ["latest", "latest"],
  ])("catch-up: %j", async (text, catchUp) => {
    expect((await requestFor({ "catch-up": text })).catchUp).toBe(catchUp);
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
    expect(loadInputs(toolkitWith({ ...GOOD_INPUTS, url }).toolkit, {}).location).toEqual(parseLocation(url));
  });

  test("an empty url is this repository", async () => {
    const { toolkit } = toolkitWith({ ...GOOD_INPUTS, url: "" });
    const env = { GITHUB_SERVER_URL: "https://github.example.com", GITHUB_REPOSITORY: "octo-org/reports" };
    const { location } = loadInputs(toolkit, env);
    expect(canonicalUrl(location)).toBe("git+https://github.example.com/octo-org/reports");
  });

  test.each([
    ["", 60_000, 600_000],
    ["90 seconds", 90_000, 90_000],
    ["PT2M", 120_000, 120_000],
    ["30 minutes", 1_800_000, 1_800_000],
    ["1000", 1_000, 1_000],
  ])("deadline: %j is %i ms in main and %i ms in post", (deadline, main, post) => {
    const { toolkit } = toolkitWith({ ...GOOD_INPUTS, deadline });
    expect(loadInputs(toolkit, {}).deadline).toBe(main);
    expect(loadDeadline(toolkit, "end")).toBe(post);
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
  const folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
  let server: Awaited<ReturnType<typeof serveGit>>;
  beforeAll(async () => {
    server = await serveGit({ root: folder });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  test.each(WRONG_INPUTS)("%j", async (inputs, says) => {
    const { toolkit, errors, state, outputs } = toolkitWith({
      ...GOOD_INPUTS,
      url: `git+${server.url("locks.git")}`,
      ...inputs,
    });
    await startJob(surroundingsOf(toolkit, 5_000));
    expect(errors).toHaveLength(1);
    const [error = ""] = errors;
    for (const part of says) expect(error).toContain(part);
    expect(error).not.toMatch(/[.!?] [A-Z]|\n/);
    expect(error).not.toContain("hunter2");
    expect(state).toEqual(NOTHING_TO_END);
    expect(outputs).toEqual({});
    expect(server.exchanges).toEqual([]);
  });
});
