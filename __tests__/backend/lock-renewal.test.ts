import { expect, test } from "@jest/globals";
import { LockRenewal, type RenewalFailure } from "../../src/backend/lock-renewal.ts";
import { delayOf } from "../../src/scheduler/delay.ts";
import { DAY, HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { ManualTimers } from "../../testing/clock/manual-timers.ts";

class Failure extends Error {
  readonly meaning: RenewalFailure;
  constructor(meaning: RenewalFailure) {
    super(meaning);
    this.meaning = meaning;
  }
}
const LOST = new Failure("lost");
const OVER = new Failure("over");
const UNREACHABLE = new Failure("unknown");
const EXPIRED = new Error("The retry interval has passed");

async function trial(
  retryInterval: number | { days: number } | null,
  answers: (sent: number) => Error | null | Promise<null> = () => null,
  { startTook = 0, longestPeriod = Number.POSITIVE_INFINITY } = {},
) {
  const timers = new ManualTimers();
  const sent: number[] = [];
  const signals: AbortSignal[] = [];
  const renewal = new LockRenewal({
    updatedAt: 0,
    sentAt: 0,
    retryInterval: retryInterval === null ? null : await delayOf("retryInterval", retryInterval, "UTC"),
    longestPeriod,
    renew: async (signal) => {
      sent.push(timers.now);
      signals.push(signal);
      const error = await answers(sent.length);
      if (error !== null) throw error;
      return Math.floor(timers.now);
    },
    meaningOf: (failure) => (failure instanceof Failure ? failure.meaning : "unknown"),
    expired: () => EXPIRED,
    timers,
  });
  timers.now = startTook;
  await renewal.begin();
  return { timers, sent, signals, renewal };
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
  const { timers, sent, renewal } = await trial(30 * MINUTE, (count) => (count === 2 ? LOST : null));
  await timers.advance(20 * MINUTE - 1);
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(1);
  expect(renewal.signal.reason).toBe(LOST);
  await timers.advance(HOUR);
  expect([sent.length, timers.pending]).toEqual([2, 0]);
});

test("a lock that could not be renewed until the retry interval passed counts as lost", async () => {
  const { timers, renewal } = await trial(30 * MINUTE, (count) => (count === 1 ? null : UNREACHABLE));
  // The last renewal was at 10 minutes.
  await timers.advance(40 * MINUTE - 1);
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(1);
  expect(renewal.signal.reason).toBe(EXPIRED);
  expect(timers.pending).toBe(0);
});

test("a renewal that fails for a while is tried again in time", async () => {
  const { timers, renewal, sent } = await trial(30 * MINUTE, (count) => (count === 1 ? UNREACHABLE : null));
  await timers.advance(2 * HOUR);
  expect(renewal.signal.aborted).toBe(false);
  expect(sent[1]).toBe(10 * MINUTE + (20 * MINUTE) / 3);
  renewal.stop();
});

test("a store that comes back shortly before the lock counts as lost is in time for a renewal", async () => {
  let isAway = true;
  const { timers, renewal, sent } = await trial(30 * MINUTE, () => (isAway ? UNREACHABLE : null));
  await timers.advance(28 * MINUTE);
  isAway = false;
  const tries = sent.length;
  expect(tries).toBeLessThan(10);
  await timers.advance(3 * MINUTE);
  expect(sent.length).toBe(tries + 1);
  expect(renewal.signal.aborted).toBe(false);
  renewal.stop();
});

test("without a retry interval the lock is renewed at the longest period, and never counts as lost by time", async () => {
  const { timers, sent, renewal } = await trial(null, () => UNREACHABLE, { longestPeriod: 5 * MINUTE });
  await timers.advance(16 * MINUTE);
  expect(sent).toEqual([5 * MINUTE, 10 * MINUTE, 15 * MINUTE]);
  await timers.advance(30 * DAY);
  expect(renewal.signal.aborted).toBe(false);
  renewal.stop();
  expect(timers.pending).toBe(0);
});

test("a long retry interval is renewed at the longest period", async () => {
  const { timers, sent, renewal } = await trial({ days: 1 }, () => null, { longestPeriod: 5 * MINUTE });
  await timers.advance(10 * MINUTE);
  expect(sent).toEqual([5 * MINUTE, 10 * MINUTE]);
  renewal.stop();
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
  ["that was lost meanwhile", LOST, LOST, 11 * MINUTE],
  ["that cannot be renewed, and is older than its retry interval,", UNREACHABLE, EXPIRED, 30 * MINUTE],
])("a lock %s aborts the signal before the task", async (_, error, reason, startTook) => {
  const { timers, renewal } = await trial(30 * MINUTE, () => error, { startTook });
  expect(renewal.signal.reason).toBe(reason);
  expect(timers.pending).toBe(0);
});

test("after a start that took long a renewal that fails is tried again while the lock is held", async () => {
  const { timers, renewal } = await trial(30 * MINUTE, () => UNREACHABLE, { startTook: 12 * MINUTE });
  expect(renewal.signal.aborted).toBe(false);
  await timers.advance(18 * MINUTE);
  expect(renewal.signal.aborted).toBe(true);
});

test("a lock with nothing left to renew is not renewed any more, and its signal stays silent", async () => {
  const { timers, sent, renewal } = await trial(30 * MINUTE, () => OVER);
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
