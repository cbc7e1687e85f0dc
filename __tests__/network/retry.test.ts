import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type Effect, ServiceError } from "../../src/errors/service-error.ts";
import { type Deadline, deadlineIn } from "../../src/network/deadline.ts";
import { Backoff, retrying } from "../../src/network/retry.ts";

const leaving = (ms: number): Deadline => ({ remaining: () => ms, signal: new AbortController().signal });

/** A failure after which the same request may succeed. */
function transient(problem: string, { effect = "none" as Effect, retryAfter = 0 } = {}): ServiceError {
  return new ServiceError("unreachable", { place: "The server", problem, effect, retryAfter });
}

describe("the waits between attempts", () => {
  const WAITS = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000];
  const failure = (retryAfter = 0) => ({ message: "failed", retryAfter });
  const noLog = () => {};
  // A thousandth of each wait, so that the test takes none of them.
  const JITTER = 0.001;

  test("double, up to 8 s, and are cut at random", async () => {
    let remaining = 0;
    const deadline: Deadline = { ...leaving(0), remaining: () => remaining };
    const [enough, short] = [new Backoff(deadline, () => JITTER), new Backoff(deadline, () => JITTER)];
    for (const wait of WAITS) {
      remaining = JITTER * wait * 1.001;
      expect(await enough.wait(failure(), noLog)).toBe(true);
      remaining = JITTER * wait;
      expect(await short.wait(failure(), noLog)).toBe(false);
    }
  });

  test("are at least as long as the server demands", async () => {
    const from = performance.now();
    expect(await new Backoff(leaving(1_000), () => 0).wait(failure(30), noLog)).toBe(true);
    expect(performance.now() - from).toBeGreaterThanOrEqual(29);
  });

  test("are announced: why, how long, the number of the next attempt, and the time left", async () => {
    const log: string[] = [];
    const backoff = new Backoff(leaving(59_000), () => 0);
    await backoff.wait(failure(20), (line) => log.push(line));
    await backoff.wait(failure(), (line) => log.push(line));
    await new Backoff(leaving(100), () => 1).wait(failure(), (line) => log.push(line));
    expect(log).toEqual([
      "failed; trying again in 0.0 s (attempt 2, 59 s left)",
      "failed; trying again in 0.0 s (attempt 3, 59 s left)",
    ]);
  });

  test("never go beyond the deadline, and are skipped where no time would be left", async () => {
    const log: string[] = [];
    const announce = (line: string) => log.push(line);
    expect(await new Backoff(leaving(1_000), () => 0).wait(failure(1_000), announce)).toBe(false);
    expect(await new Backoff(leaving(249), () => 1).wait(failure(), announce)).toBe(false);
    expect(await new Backoff(leaving(0), () => 0).wait(failure(), announce)).toBe(false);
    // A wait is announced before it begins.
    expect(log).toEqual([]);
  });
});

test("an attempt that the deadline cuts off does not hide the answer before it", async () => {
  const jitter = jest.spyOn(Math, "random").mockReturnValue(0.02);
  let left = 1_000;
  let attempts = 0;
  const failed = retrying(
    { ...leaving(0), remaining: () => left },
    () => {},
    async () => {
      if (++attempts === 1) throw transient("answered 503", { effect: "possible" });
      left = 0;
      throw transient("cannot be reached (no answer in time)");
    },
  );
  await expect(failed).rejects.toMatchObject({ problem: "answered 503", effect: "possible" });
  expect(attempts).toBe(2);
  jitter.mockRestore();
});

describe("retrying", () => {
  // The jitter of the waits between attempts: a fiftieth of each wait.
  beforeEach(() => {
    jest.spyOn(Math, "random").mockReturnValue(0.02);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test("goes on until an attempt succeeds, and logs each one that failed", async () => {
    const log: string[] = [];
    let attempts = 0;
    const answer = retrying(
      deadlineIn(10_000),
      (line) => log.push(line),
      async () => {
        if (++attempts < 3) throw transient(`failed ${attempts}`);
        return "success";
      },
    );
    expect(await answer).toEqual({ result: "success", earlierEffect: "none" });
    expect(log).toEqual([
      expect.stringMatching(/^The server failed 1; trying again in 0\.0 s \(attempt 2, \d+\.\d s left\)$/),
      expect.stringMatching(/^The server failed 2; trying again in 0\.0 s \(attempt 3, \d+\.\d s left\)$/),
    ]);
  });

  test.each([
    new Error("no"),
    new ServiceError("token-refused", { place: "The server", problem: "refused the token", effect: "none" }),
  ])("gives up at once where another attempt changes nothing: %s", async (error) => {
    let attempts = 0;
    const log: string[] = [];
    const attempt = async () => {
      attempts++;
      throw error;
    };
    await expect(retrying(leaving(10_000), (line) => log.push(line), attempt)).rejects.toBe(error);
    expect(attempts).toBe(1);
    expect(log).toEqual([]);
  });

  test("ends with the last failure when the deadline is reached", async () => {
    let attempts = 0;
    const answer = retrying(
      deadlineIn(100),
      () => {},
      async () => {
        throw transient(`failed ${++attempts}`, { retryAfter: 40 });
      },
    );
    await expect(answer).rejects.toThrow(/^The server failed [123]$/);
  });

  const EFFECTS: [failures: Effect[], all: Effect][] = [
    [[], "none"],
    [["none"], "none"],
    [["possible"], "possible"],
    [["possible", "none"], "possible"],
    [["none", "possible", "none"], "possible"],
  ];

  test.each(EFFECTS)("returns the effect of the attempts before: %j is %s", async (failures, all) => {
    const left = [...failures];
    const attempt = async () => {
      const effect = left.shift();
      if (effect !== undefined) throw transient("failed", { effect });
      return "success";
    };
    expect(await retrying(deadlineIn(10_000), () => {}, attempt)).toEqual({ result: "success", earlierEffect: all });
  });

  test.each(EFFECTS)(
    "throws the last failure with the effect of all attempts: %j, then none, is %s",
    async (failures, all) => {
      const left = [...failures];
      const final = new ServiceError("token-refused", { place: "The server", problem: "refused", effect: "none" });
      const attempt = async () => {
        const effect = left.shift();
        throw effect === undefined ? final : transient("failed", { effect });
      };
      const error = await retrying(deadlineIn(10_000), () => {}, attempt).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ServiceError);
      expect(error).toMatchObject({ code: "token-refused", message: "The server refused", effect: all });
    },
  );
});

test("the caller's signal ends a deadline, and a wait for another attempt, at once", async () => {
  const caller = new AbortController();
  const deadline = deadlineIn(60_000, caller.signal);
  const waited = new Backoff(deadline).wait({ message: "failed", retryAfter: 30_000 }, () => {});
  caller.abort();
  expect(await waited).toBe(false);
  expect(deadline.remaining()).toBe(0);
  expect(deadline.signal.aborted).toBe(true);
});

test("a deadline counts down to nothing, and then aborts", async () => {
  const later = deadlineIn(60_000);
  expect(later.remaining()).toBeGreaterThan(0);
  expect(later.remaining()).toBeLessThanOrEqual(60_000);
  const deadline = deadlineIn(40);
  await new Promise((resolve) => deadline.signal.addEventListener("abort", resolve));
  expect(deadline.remaining()).toBeLessThan(5);
  expect(deadlineIn(0).remaining()).toBe(0);
});
