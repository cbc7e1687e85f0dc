import { describe, expect, test } from "@jest/globals";
import { CronyxClient, type CronyxClientOptions, type JobStartOptions } from "../../src/client/index.ts";

const SECRET = "hunter2";
const LOCKS = "git+https://example.invalid/octo-org/locks";
const HOURLY = { jobName: "report", jobInterval: "0 * * * *" };

/** Options of any type, as plain JavaScript may pass them. */
const asOptions = (options: unknown) => options as CronyxClientOptions & JobStartOptions;

describe("a client's options are checked when it is made", () => {
  test.each<[unknown, code: string, option: string, message: string]>([
    [undefined, "missing", "options", "options is missing: pass an object"],
    [{}, "missing", "url", "url is missing: pass a string"],
    [{ url: 3000 }, "wrong-type", "url", "url 3000 has the wrong type: pass a string"],
    [
      { url: "octo-org/locks" },
      "invalid-location",
      "url",
      'url "octo-org/locks" is not a URL: pass git+https://github.com/octo-org/locks',
    ],
    [{ url: LOCKS, token: [SECRET] }, "wrong-type", "token", "token has the type object: pass a string"],
    [{ url: LOCKS, credentials: 7 }, "wrong-type", "credentials", "credentials 7 has the wrong type: pass an object"],
    [
      { url: LOCKS, credentials: { username: "me" } },
      "missing",
      "credentials.password",
      "credentials.password is missing: pass a string",
    ],
    [
      { url: "git+ssh://git@host/locks", credentials: { username: "me", password: SECRET } },
      "login-of-other-location",
      "credentials",
      "credentials are for a CronyxServer or a git+https: url: pass a git+https: url, or an ssh key",
    ],
    [
      { url: LOCKS, credentials: { username: "me", password: "" }, token: SECRET },
      "conflict",
      "credentials and token",
      "credentials and token are both set",
    ],
    [{ url: LOCKS, timezone: "Berlin" }, "unknown-timezone", "timezone", "(Europe/Berlin may be meant): pass a name"],
    [{ url: LOCKS, timezone: 9 }, "wrong-type", "timezone", "timezone 9 has the wrong type: pass a string"],
    [
      { url: LOCKS, deadline: 0 },
      "out-of-range",
      "deadline",
      "deadline 0 is not a number of milliseconds in range: pass a whole number from 1 to",
    ],
    [{ url: LOCKS, deadline: Number.POSITIVE_INFINITY }, "out-of-range", "deadline", "deadline Infinity is"],
    [{ url: LOCKS, holder: "me" }, "wrong-type", "holder", 'holder "me" has the wrong type: pass an object'],
    [
      { url: LOCKS, holder: { name: "me" } },
      "unknown-name",
      "holder.name",
      "holder.name is not a known option: pass one of serverUrl, repository",
    ],
    [
      { url: LOCKS, holder: { runId: 1 } },
      "wrong-type",
      "holder.runId",
      "holder.runId 1 has the wrong type: pass a string",
    ],
    [
      { url: LOCKS, holder: { job: "" } },
      "wrong-type",
      "holder.job",
      'holder.job "" has the wrong type: pass a string that is not empty',
    ],
    [{ url: LOCKS, log: true }, "wrong-type", "log", "log true has the wrong type: pass a function"],
    [
      { url: LOCKS, tokn: SECRET },
      "unknown-name",
      "tokn",
      "tokn is not a known option: pass one of url, credentials, token,",
    ],
  ])("%j", (options, code, option, message) => {
    const refused = thrownBy(() => new CronyxClient(asOptions(options)));
    expect(refused).toMatchObject({ name: "CronyxClientError", code, option, cause: { name: "ArgumentError" } });
    expect(refused).toMatchObject({ message: expect.stringContaining(message), effect: "none" });
    expect(String(refused)).not.toContain(SECRET);
  });
});

describe("a start's options are checked before anything is sent", () => {
  test.each<[unknown, code: string, option: string, message: string]>([
    [undefined, "missing", "options", "options is missing: pass an object"],
    [{ jobInterval: 1 }, "missing", "jobName", "jobName is missing: pass a string"],
    [
      { ...HOURLY, retryIntervall: 5 },
      "unknown-name",
      "retryIntervall",
      "retryIntervall is not a known option: pass one of jobName, jobInterval, startBuffer, retryInterval,",
    ],
    [{ jobName: ["report"], jobInterval: 1 }, "wrong-type", "jobName", 'jobName ["report"] has the wrong type'],
    [{ ...HOURLY, jobName: "" }, "invalid-job-name", "jobName", 'jobName "" is empty: pass 1 to 255 characters'],
    [
      { jobName: "report" },
      "missing",
      "jobInterval",
      "jobInterval is missing: pass a cron expression, whole milliseconds, or an object of",
    ],
    [
      { ...HOURLY, jobInterval: "hourly" },
      "invalid-interval",
      "jobInterval",
      'jobInterval "hourly" is not an interval',
    ],
    [{ ...HOURLY, jobInterval: 0 }, "invalid-interval", "jobInterval", "pass an interval longer than 0"],
    [
      { ...HOURLY, jobInterval: { hours: 0.5 } },
      "invalid-interval",
      "jobInterval",
      "has 0.5 hours, which is not a whole number",
    ],
    [{ ...HOURLY, startBuffer: -1 }, "invalid-interval", "startBuffer", "startBuffer -1 is negative: pass a length of"],
    [{ ...HOURLY, retryInterval: null }, "invalid-interval", "retryInterval", "retryInterval null is not a length"],
    [
      { ...HOURLY, requiredJobNames: "other" },
      "wrong-type",
      "requiredJobNames",
      'requiredJobNames "other" has the wrong type: pass an array',
    ],
    [
      { ...HOURLY, requiredJobNames: ["report"] },
      "self-required-job",
      "requiredJobNames",
      'requiredJobNames "report" names the job itself',
    ],
    [
      { ...HOURLY, requiredJobNames: ["other", ""] },
      "invalid-job-name",
      "requiredJobNames",
      'requiredJobNames "" is empty',
    ],
    [{ ...HOURLY, timezone: "Mars/Olympus" }, "unknown-timezone", "timezone", 'timezone "Mars/Olympus" is not'],
    [{ ...HOURLY, noLock: "false" }, "wrong-type", "noLock", 'noLock "false" has the wrong type: pass true or false'],
    [
      { ...HOURLY, jobIntervalStartedAt: new Date(0) },
      "chosen-interval-with-lock",
      "jobIntervalStartedAt",
      'jobIntervalStartedAt "1970-01-01T00:00:00.000Z" cannot be chosen by a start that takes a lock: set noLock to true',
    ],
    [
      { ...HOURLY, noLock: true, jobIntervalStartedAt: "2026-11-24" },
      "wrong-type",
      "jobIntervalStartedAt",
      'jobIntervalStartedAt "2026-11-24" has the wrong type: pass a Date',
    ],
    [
      { ...HOURLY, noLock: true, jobIntervalStartedAt: new Date(Number.NaN) },
      "invalid-instant",
      "jobIntervalStartedAt",
      "is not an instant",
    ],
    [{ ...HOURLY, jobInterval: "90 minuets" }, "invalid-interval", "jobInterval", 'has the unknown unit "minuets"'],
    [
      { ...HOURLY, startBuffer: "soon" },
      "invalid-interval",
      "startBuffer",
      'startBuffer "soon" is not a length of time',
    ],
    [
      { ...HOURLY, retryInterval: "@daily" },
      "invalid-interval",
      "retryInterval",
      'retryInterval "@daily" is not a length',
    ],
    [{ ...HOURLY, retryInterval: "-PT1H" }, "invalid-interval", "retryInterval", 'retryInterval "-PT1H" is negative'],
    [
      { ...HOURLY, startsAt: "2026-11-01" },
      "wrong-type",
      "startsAt",
      'startsAt "2026-11-01" has the wrong type: pass a Date',
    ],
    [{ ...HOURLY, startsAt: new Date(Number.NaN) }, "invalid-instant", "startsAt", "startsAt NaN is not an instant"],
    [{ ...HOURLY, catchUp: 1 }, "wrong-type", "catchUp", "catchUp 1 has the wrong type: pass a string"],
    [
      { ...HOURLY, catchUp: "newest" },
      "unknown-word",
      "catchUp",
      'catchUp "newest" is not a word that it takes: pass one of each, merge, latest',
    ],
    [
      { ...HOURLY, noLock: true, jobIntervalStartedAt: new Date(0), catchUp: "each" },
      "chosen-interval-conflict",
      "catchUp",
      'catchUp "each" has no meaning for a start that chooses its interval: leave it out',
    ],
    [{ ...HOURLY, takeOver: "id" }, "wrong-type", "takeOver", 'takeOver "id" has the wrong type: pass an object'],
    [
      { ...HOURLY, takeOver: { id: "a" } },
      "missing",
      "takeOver.updatedAt",
      "takeOver.updatedAt is missing: pass a Date",
    ],
    [
      { ...HOURLY, takeOver: { updatedAt: new Date(0) } },
      "missing",
      "takeOver.id",
      "takeOver.id is missing: pass a str",
    ],
    [
      { ...HOURLY, takeOver: { id: "", updatedAt: new Date(0) } },
      "wrong-type",
      "takeOver",
      'takeOver "" is not the id',
    ],
    [{ ...HOURLY, signal: "now" }, "wrong-type", "signal", 'signal "now" has the wrong type: pass an AbortSignal'],
    [{ ...HOURLY, deadline: 1.5 }, "out-of-range", "deadline", "deadline 1.5 is"],
  ])("%j", async (options, code, option, message) => {
    await using client = new CronyxClient({ url: LOCKS });
    await expect(client.startJob(asOptions(options))).rejects.toMatchObject({
      name: "CronyxClientError",
      code,
      option,
      effect: "none",
      cause: { name: "ArgumentError" },
      message: expect.stringContaining(message),
    });
  });

  test("a missing task", async () => {
    await using client = new CronyxClient({ url: LOCKS });
    const task = undefined as unknown as () => void;
    await expect(client.requestJobExec(HOURLY, task)).rejects.toMatchObject({
      code: "missing",
      option: "task",
      message: "task is missing: pass a function that takes the job",
    });
  });
});

describe("the options of skip and resumeJob are checked before anything is sent", () => {
  test.each<[call: "skip" | "resumeJob", unknown, code: string, option: string, message: string]>([
    ["skip", undefined, "missing", "options", "options is missing: pass an object"],
    ["skip", { until: new Date(0) }, "missing", "jobName", "jobName is missing: pass a string"],
    ["skip", { jobName: "", until: new Date(0) }, "invalid-job-name", "jobName", 'jobName "" is empty'],
    ["skip", { jobName: "report" }, "missing", "until", "until is missing: pass a Date"],
    [
      "skip",
      { jobName: "report", until: new Date(Number.NaN) },
      "invalid-instant",
      "until",
      "until NaN is not an inst",
    ],
    ["skip", { jobName: "report", till: new Date(0) }, "unknown-name", "till", "till is not a known option"],
    ["resumeJob", undefined, "missing", "options", "options is missing: pass an object"],
    ["resumeJob", { jobName: "report" }, "missing", "id", "id is missing: pass a string"],
    ["resumeJob", { jobName: "report", id: 7 }, "wrong-type", "id", "id 7 has the wrong type: pass a string"],
  ])("%s %j", async (call, options, code, option, message) => {
    await using client = new CronyxClient({ url: LOCKS });
    const given = options as { jobName: string; id: string; until: Date };
    await expect((async () => client[call](given))()).rejects.toMatchObject({
      name: "CronyxClientError",
      code,
      option,
      effect: "none",
      message: expect.stringContaining(message),
    });
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
