import { describe, expect, test } from "@jest/globals";
import { CronyxClient, type CronyxClientOptions, type JobStartOptions } from "../../src/client/index.ts";

const SECRET = "hunter2";
const LOCKS = "git+https://example.invalid/octo-org/locks";
const HOURLY = { jobName: "report", jobInterval: "0 * * * *" };

/** What plain JavaScript may give, in which nothing has a type. */
const asOptions = (options: unknown) => options as CronyxClientOptions & JobStartOptions;

describe("a client's options are checked when it is made", () => {
  test.each<[unknown, string]>([
    [undefined, "The client's options is undefined: give an object"],
    [{}, "url is undefined"],
    [{ url: 3000 }, "url is 3000"],
    [{ url: LOCKS, token: [SECRET] }, "token is object: give a text"],
    [{ url: LOCKS, credentials: SECRET.length }, "credentials is 7: give an object"],
    [{ url: LOCKS, credentials: { username: "me" } }, "credentials.password is undefined"],
    [{ url: LOCKS, credentials: { username: "me", password: SECRET } }, "A repository has no use for credentials"],
    [{ url: LOCKS, credentials: { username: "me", password: "" }, token: SECRET }, "both given"],
    [{ url: LOCKS, timezone: 9 }, "timezone is 9"],
    [{ url: LOCKS, deadline: 0 }, "deadline is 0: give whole milliseconds from 1"],
    [{ url: LOCKS, deadline: Number.POSITIVE_INFINITY }, "deadline is Infinity"],
    [{ url: LOCKS, holder: "me" }, 'holder is "me": give an object'],
    [{ url: LOCKS, holder: { name: "me" } }, "holder.name is none of its fields: give repository"],
    [{ url: LOCKS, holder: { runId: 1 } }, "holder.runId is 1: give a text"],
    [{ url: LOCKS, holder: { job: "" } }, "holder.job is empty"],
    [{ url: LOCKS, log: true }, "log is true: give a function"],
    [{ url: LOCKS, tokn: SECRET }, '"tokn" is no option here: give url, credentials, token,'],
  ])("%j", (options, message) => {
    const refused = thrownBy(() => new CronyxClient(asOptions(options)));
    expect(refused).toMatchObject({ name: "CronyxClientError", code: "argument", cause: { name: "ArgumentError" } });
    expect(refused).toMatchObject({ message: expect.stringContaining(message) });
    expect(String(refused)).not.toContain(SECRET);
  });
});

describe("a start's options are checked before anything is sent", () => {
  test.each<[unknown, string]>([
    [undefined, "The job's options is undefined"],
    [{ jobInterval: 1 }, "jobName is undefined"],
    [
      { ...HOURLY, retryIntervall: 5 },
      '"retryIntervall" is no option here: give jobName, jobInterval, startBuffer, retryInterval,',
    ],
    [{ jobName: ["report"], jobInterval: 1 }, 'jobName is ["report"]'],
    [{ ...HOURLY, jobName: "" }, "The job name is empty"],
    [{ jobName: "report" }, "The interval is undefined: give a cron expression, milliseconds or an object of"],
    [{ ...HOURLY, jobInterval: "hourly" }, "hourly"],
    [{ ...HOURLY, jobInterval: 0 }, "has to be longer than 0"],
    [{ ...HOURLY, jobInterval: { hours: 0.5 } }, "hours has to be a whole number"],
    [{ ...HOURLY, startBuffer: -1 }, "can't be negative"],
    [{ ...HOURLY, retryInterval: null }, "The retry interval is null"],
    [{ ...HOURLY, requiredJobNames: "other" }, 'requiredJobNames is "other": give a list'],
    [{ ...HOURLY, requiredJobNames: ["report"] }, "requires itself"],
    [{ ...HOURLY, timezone: "Mars/Olympus" }, "Mars/Olympus"],
    [{ ...HOURLY, noLock: "false" }, 'noLock is "false": give true or false'],
    [{ ...HOURLY, jobIntervalStartedAt: new Date() }, "without no-lock"],
    [{ ...HOURLY, noLock: true, jobIntervalStartedAt: "2026-11-24" }, 'is "2026-11-24": give a Date'],
    [{ ...HOURLY, noLock: true, jobIntervalStartedAt: new Date(Number.NaN) }, "is not an instant"],
    [{ ...HOURLY, signal: "now" }, 'signal is "now": give an AbortSignal'],
    [{ ...HOURLY, deadline: 1.5 }, "deadline is 1.5"],
  ])("%j", async (options, message) => {
    await using client = new CronyxClient({ url: LOCKS });
    await expect(client.startJob(asOptions(options))).rejects.toMatchObject({
      name: "CronyxClientError",
      code: "argument",
      cause: { name: "ArgumentError" },
      message: expect.stringContaining(message),
    });
  });

  test("a task that is none", async () => {
    await using client = new CronyxClient({ url: LOCKS });
    const task = undefined as unknown as () => void;
    await expect(client.requestJobExec(HOURLY, task)).rejects.toMatchObject({
      message: "The task is undefined: give a function that takes the job",
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
