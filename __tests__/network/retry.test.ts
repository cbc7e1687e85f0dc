import { describe, expect, test } from "@jest/globals";
import { type Deadline, deadlineIn } from "../../src/network/deadline.ts";
import { Backoff, PassingFault, retrying } from "../../src/network/retry.ts";

const leaving = (ms: number): Deadline => ({ remaining: () => ms, signal: new AbortController().signal });

describe("the waits between tries", () => {
  const WAITS = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000];
  // A thousandth of each wait, so that the test takes none of them.
  const JITTER = 0.001;

  test("double, up to 8 s, and are cut at random", async () => {
    let remaining = 0;
    const deadline: Deadline = { ...leaving(0), remaining: () => remaining };
    const [enough, short] = [new Backoff(deadline, () => JITTER), new Backoff(deadline, () => JITTER)];
    for (const wait of WAITS) {
      remaining = JITTER * wait * 1.001;
      expect(await enough.wait()).toBe(true);
      remaining = JITTER * wait;
      expect(await short.wait()).toBe(false);
    }
  });

  test("are as long as the other side asks for, at least", async () => {
    const from = performance.now();
    expect(await new Backoff(leaving(1_000), () => 0).wait(30)).toBe(true);
    expect(performance.now() - from).toBeGreaterThanOrEqual(29);
  });

  test("never go beyond the deadline, nor up to it for nothing", async () => {
    const from = performance.now();
    expect(await new Backoff(leaving(1_000), () => 0).wait(1_000)).toBe(false);
    expect(await new Backoff(leaving(249), () => 1).wait()).toBe(false);
    expect(await new Backoff(leaving(0), () => 0).wait()).toBe(false);
    expect(performance.now() - from).toBeLessThan(200);
  });
});

describe("retrying", () => {
  test("goes on until an attempt gets through, and says so", async () => {
    const log: string[] = [];
    let attempts = 0;
    const answer = retrying(
      deadlineIn(10_000),
      (line) => log.push(line),
      async () => {
        if (++attempts < 3) throw new PassingFault(`fault ${attempts}`);
        return "through";
      },
    );
    expect(await answer).toBe("through");
    expect(log).toEqual(["fault 1; trying again", "fault 2; trying again"]);
  });

  test("gives up at once on what doesn't pass", async () => {
    let attempts = 0;
    const error = new Error("no");
    const log: string[] = [];
    const attempt = async () => {
      attempts++;
      throw error;
    };
    await expect(retrying(leaving(10_000), (line) => log.push(line), attempt)).rejects.toBe(error);
    expect(attempts).toBe(1);
    expect(log).toEqual([]);
  });

  test("ends with the last fault when the deadline is reached", async () => {
    let attempts = 0;
    const answer = retrying(
      deadlineIn(100),
      () => {},
      async () => {
        throw new PassingFault(`fault ${++attempts}`, { retryAfter: 40 });
      },
    );
    await expect(answer).rejects.toThrow(/^fault [123]$/);
  });
});

test("the caller's signal ends a deadline, and a wait for another try, at once", async () => {
  const caller = new AbortController();
  const deadline = deadlineIn(60_000, caller.signal);
  const waited = new Backoff(deadline).wait(30_000);
  caller.abort();
  expect(await waited).toBe(false);
  expect(deadline.remaining()).toBe(0);
  expect(deadline.signal.aborted).toBe(true);
});

test("a deadline counts down to nothing, and then aborts", async () => {
  const deadline = deadlineIn(40);
  expect(deadline.remaining()).toBeGreaterThan(0);
  expect(deadline.remaining()).toBeLessThanOrEqual(40);
  await new Promise((resolve) => deadline.signal.addEventListener("abort", resolve));
  expect(deadline.remaining()).toBeLessThan(5);
  expect(deadlineIn(0).remaining()).toBe(0);
});
