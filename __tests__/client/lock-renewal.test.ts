import { expect, test } from "@jest/globals";
import { CronyxClientError, clientErrorOf } from "../../src/client/client-error.ts";
import { LockRenewal } from "../../src/client/lock-renewal.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { DAY, HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { waitOf } from "../../src/scheduler/wait.ts";
import { ManualTimers } from "../../testing/clock/manual-timers.ts";

const UNREACHABLE = new ServiceError("unreachable", { place: "https://locks", problem: "is away", effect: "possible" });

async function trial(
  retryInterval: number | { days: number },
  answers: (sent: number) => Error | null | Promise<null> = () => null,
  { startTook = 0 } = {},
) {
  const timers = new ManualTimers();
  const sent: number[] = [];
  const signals: AbortSignal[] = [];
  const warnings: string[] = [];
  const renewal = new LockRenewal({
    jobName: "report",
    updatedAt: 0,
    sentAt: 0,
    retryInterval: await waitOf("retryInterval", retryInterval, "UTC"),
    renew: async (signal) => {
      sent.push(timers.now);
      signals.push(signal);
      const error = await answers(sent.length);
      if (error !== null) throw clientErrorOf(error);
      return timers.now;
    },
    timers,
    warn: (message) => warnings.push(message),
  });
  timers.now = startTook;
  await renewal.begin();
  return { timers, sent, signals, warnings, renewal };
}

test("a lock is renewed at each third of the retry interval, until the task ends", async () => {
  const { timers, sent, renewal } = await trial(30 * MINUTE);
  await timers.advance(35 * MINUTE);
  expect(sent).toEqual([10 * MINUTE, 20 * MINUTE, 30 * MINUTE]);
  expect(renewal.signal.aborted).toBe(false);
  renewal.stop();
  await timers.advance(DAY);
  expect(sent).toHaveLength(3);
  expect(timers.pending).toBe(0);
});

test("a retry interval on the calendar, and longer than a timer reaches, is waited for in parts", async () => {
  const { timers, sent, renewal } = await trial({ days: 90 });
  await timers.advance(61 * DAY);
  expect(sent).toEqual([30 * DAY, 60 * DAY]);
  renewal.stop();
});

test("a lock that another caller ended aborts the signal at once", async () => {
  const lost = new CronyxClientError("lock-lost", "Lost");
  const { timers, sent, renewal } = await trial(30 * MINUTE, (count) => (count === 2 ? lost : null));
  await timers.advance(20 * MINUTE - 1);
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(1);
  expect(renewal.signal.reason).toBe(lost);
  await timers.advance(HOUR);
  expect([sent.length, timers.pending]).toEqual([2, 0]);
});

test("a lock that could not be renewed until the retry interval passed counts as lost", async () => {
  const { timers, renewal } = await trial(30 * MINUTE, (count) => (count === 1 ? null : UNREACHABLE));
  // The last renewal was at 10 minutes.
  await timers.advance(40 * MINUTE - 1);
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(1);
  expect(renewal.signal.reason).toMatchObject({ name: "CronyxClientError", code: "lock-lost" });
  expect(timers.pending).toBe(0);
});

test("a renewal that fails for a while is tried again in time", async () => {
  const { timers, renewal, sent } = await trial(30 * MINUTE, (count) => (count === 1 ? UNREACHABLE : null));
  await timers.advance(2 * HOUR);
  expect(renewal.signal.aborted).toBe(false);
  expect(sent[1]).toBe(20 * MINUTE);
  renewal.stop();
});

test("an original server cannot renew: one warning, no signal, no further attempt", async () => {
  const original = new ServiceError("original-server", { place: "https://old", problem: "cannot", effect: "none" });
  const { timers, sent, warnings, renewal } = await trial(30 * MINUTE, () => original);
  await timers.advance(DAY);
  expect(sent).toHaveLength(1);
  expect(warnings).toEqual([expect.stringMatching(/cannot be renewed.*set retryInterval to more than/)]);
  expect(renewal.signal.aborted).toBe(false);
});

test("after a start that took long the lock is renewed before the task", async () => {
  const { timers, sent, renewal } = await trial(30 * MINUTE, () => null, { startTook: 40 * MINUTE });
  expect(sent).toEqual([40 * MINUTE]);
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(10 * MINUTE);
  expect(sent).toEqual([40 * MINUTE, 50 * MINUTE]);
  renewal.stop();
});

test.each([
  ["that was lost meanwhile", new CronyxClientError("lock-lost", "Lost"), 11 * MINUTE],
  ["that cannot be renewed, and is older than its retry interval,", UNREACHABLE, 30 * MINUTE],
])("a lock %s aborts the signal before the task", async (_, error, startTook) => {
  const { timers, renewal } = await trial(30 * MINUTE, () => error, { startTook });
  expect(renewal.signal.reason).toMatchObject({ name: "CronyxClientError", code: "lock-lost" });
  expect(timers.pending).toBe(0);
});

test("after a start that took long a renewal that fails is tried again while the lock is held", async () => {
  const { timers, renewal } = await trial(30 * MINUTE, () => UNREACHABLE, { startTook: 12 * MINUTE });
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(18 * MINUTE);
  expect(renewal.signal.aborted).toBe(true);
});

test("a job that its task has ended is not renewed any more, and its signal stays silent", async () => {
  const ended = new CronyxClientError("not-active", "Job is not active for report");
  const { timers, sent, renewal } = await trial(30 * MINUTE, () => ended);
  await timers.advance(DAY);
  expect([sent.length, timers.pending, renewal.signal.aborted]).toEqual([1, 0, false]);
});

test("a renewal without an answer is given up when the task ends, and when the lock counts as lost", async () => {
  const never = () => new Promise<null>(() => {});
  const ended = await trial(30 * MINUTE, never);
  await ended.timers.advance(10 * MINUTE);
  expect(ended.signals.map(({ aborted }) => aborted)).toEqual([false]);
  ended.renewal.stop();
  expect(ended.signals.map(({ aborted }) => aborted)).toEqual([true]);

  const expired = await trial(30 * MINUTE, never);
  await expired.timers.advance(30 * MINUTE);
  expect(expired.signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(expired.renewal.signal.aborted).toBe(true);
});

test("a fault of the renewal itself aborts nothing before its time, and breaks no process", async () => {
  const { timers, renewal } = await trial(30 * MINUTE, (count) => (count === 1 ? new TypeError("Broken") : null));
  await timers.advance(DAY);
  expect(renewal.signal.aborted).toBe(false);
  renewal.stop();
});
