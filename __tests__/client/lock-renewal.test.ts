import { expect, test } from "@jest/globals";
import { CronyxClientError, clientErrorOf } from "../../src/client/client-error.ts";
import { LockRenewal, type Timers } from "../../src/client/lock-renewal.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { DAY, HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { waitOf } from "../../src/scheduler/wait.ts";

/** Timers that fire as a test moves the time. None of them may be longer than Node's longest. */
class ManualTimers implements Timers {
  now = 0;
  readonly #pending = new Set<{ readonly at: number; readonly callback: () => void }>();

  readonly monotonic = () => this.now;

  readonly after = (ms: number, callback: () => void) => {
    expect(ms).toBeLessThanOrEqual(2 ** 31 - 1);
    const timer = { at: this.now + ms, callback };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  };

  get pending(): number {
    return this.#pending.size;
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const [next] = [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.now = next.at;
      next.callback();
      await new Promise(setImmediate);
    }
    this.now = end;
  }
}

const UNREACHABLE = new ServiceError("unreachable", { place: "https://locks", problem: "is away", effect: "possible" });

async function trial(retryInterval: number | { days: number }, answers: (sent: number) => Error | null = () => null) {
  const timers = new ManualTimers();
  const sent: number[] = [];
  const warnings: string[] = [];
  const renewal = new LockRenewal({
    jobName: "report",
    updatedAt: 0,
    sentAt: 0,
    retryInterval: await waitOf("retryInterval", retryInterval, "UTC"),
    renew: async () => {
      sent.push(timers.now);
      const error = answers(sent.length);
      if (error !== null) throw clientErrorOf(error);
      return timers.now;
    },
    timers,
    warn: (message) => warnings.push(message),
  });
  return { timers, sent, warnings, renewal };
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
