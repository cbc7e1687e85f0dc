import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type StepResult } from "../../testing/action/runner.mjs";
import { clockAt, findLibfaketime } from "../../testing/clock/libfaketime.ts";
import type { GitExchange, GitFault } from "../../testing/git/git-server.mjs";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const libfaketime = findLibfaketime(process.env);
const MISSING = "there is no libfaketime: install it (apt-get install faketime), or name its file in LIBFAKETIME_PATH";
if (libfaketime === null) {
  // libfaketime is a library for Linux.
  if (process.env.CI === "true" && process.platform === "linux")
    throw new Error(`Runners with wrong clocks cannot be tested: ${MISSING}`);
  console.warn(`Runners with wrong clocks are not tested: ${MISSING}`);
}

const CLOCKS = [
  { clock: "two hours fast", offset: "+2h", ahead: 2 * HOUR },
  { clock: "two hours slow", offset: "-2h", ahead: -2 * HOUR },
];

let repository: LocksRepository;
let fault: (exchange: GitExchange) => GitFault | undefined = () => undefined;
beforeAll(async () => {
  repository = await LocksRepository.serve({ fault: (exchange) => fault(exchange) });
});
afterAll(() => repository.close());

/** A step on a machine whose clock is wrong. The git server's clock is right. */
const stepAt = (offset: string, inputs: Record<string, string>, runId = "42") =>
  repository.step(inputs, { ...runOf("report", runId), ...clockAt(offset, libfaketime ?? "") });

const iso = (instant: number) => new Date(instant).toISOString();
const instantOf = ({ outputs }: StepResult, name: string) => Date.parse(outputs[name] ?? "");

/** The largest difference of an instant: far less than the clocks are apart, and longer than main takes. */
const TOLERANCE = 30 * MINUTE;

(libfaketime === null ? describe.skip : describe)("over git's smart HTTP", () => {
  describe.each(CLOCKS)("a runner whose clock is $clock", ({ clock, offset, ahead }) => {
    test("does not take over a live lock", async () => {
      const jobName = `live, ${clock}`;
      const held = heldSince(jobName, Date.now() - 30 * MINUTE);
      await repository.write(jobName, held);
      const { outputs } = await stepAt(offset, { "job-name": jobName, "retry-interval": "1 hour" }).main();
      expect(outputs).toMatchObject({
        reason: "active",
        "due-at": iso(Date.parse(held.active?.updatedAt ?? "") + HOUR),
      });
      expect(await repository.state(jobName)).toEqual(held);
    });

    test("takes over a dead one", async () => {
      const jobName = `dead, ${clock}`;
      await repository.write(jobName, heldSince(jobName, Date.now() - 90 * MINUTE));
      const main = await stepAt(offset, { "job-name": jobName, "retry-interval": "1 hour" }).main();
      expect(main.outputs).toMatchObject({ started: "true", "taken-over-from": expect.stringContaining("run 4711") });
      expect(Math.abs(instantOf(main, "job-created-at") - Date.now())).toBeLessThan(TOLERANCE);
    });

    test("gets an interval once it has ended, and not before", async () => {
      const jobName = `due, ${clock}`;
      const start = Date.now() - 90 * MINUTE;
      await repository.write(jobName, finishedUntil(jobName, start));
      const step = stepAt(offset, { "job-name": jobName });
      const main = await step.main();
      expect(main.outputs).toMatchObject({
        started: "true",
        "job-interval-started-at": iso(start),
        "job-interval-ended-at": iso(start + HOUR),
        behind: "0",
      });
      expect((await step.post("success")).code).toBe(0);
      const early = await stepAt(offset, { "job-name": jobName }).main();
      expect(early.outputs).toMatchObject({ reason: "not-due", "due-at": iso(start + 2 * HOUR) });
    });

    test("gets a very first interval that is not in the future", async () => {
      const main = await stepAt(offset, { "job-name": `first, ${clock}` }).main();
      const difference = Date.now() - instantOf(main, "job-interval-ended-at");
      expect(difference).toBeGreaterThanOrEqual(0);
      expect(difference).toBeLessThan(TOLERANCE);
    });

    test("says so once, with both times, however often it reads", async () => {
      const jobName = `logged, ${clock}`;
      await repository.write(jobName, finishedUntil(jobName, Date.now() - 90 * MINUTE));
      let pushes = 0;
      fault = ({ command }) => (command === "push" && ++pushes === 1 ? { cut: "before" } : undefined);
      const main = await stepAt(offset, { "job-name": jobName }).main();
      fault = () => undefined;
      expect(main.outputs.started).toBe("true");
      const lines = main.log.filter((line) => line.includes("clock"));
      expect(lines).toHaveLength(1);
      const [, local = "", store = ""] =
        /^The clock of this machine says (\S+Z), and the clock of the store (\S+Z): decisions go by the store's$/.exec(
          lines[0] ?? "",
        ) ?? [];
      expect(Math.abs(Date.parse(local) - Date.parse(store) - ahead)).toBeLessThan(TOLERANCE);
    });
  });

  test("two runners whose clocks are four hours apart take turns: their intervals tile time, none in the future", async () => {
    const inputs = { "job-name": "in turn", "retry-interval": "1 hour" };
    const start = Date.now() - 4.5 * HOUR;
    await repository.write("in turn", finishedUntil("in turn", start));
    const intervals: string[][] = [];
    for (const [at, offset] of ["+2h", "-2h", "-2h", "+2h"].entries()) {
      const step = stepAt(offset, inputs, `1${at}`);
      const { outputs } = await step.main();
      intervals.push([outputs["job-interval-started-at"] ?? "", outputs["job-interval-ended-at"] ?? ""]);
      // The lock of a live run, whatever the other machine's clock.
      const other = await stepAt(offset === "+2h" ? "-2h" : "+2h", inputs, `2${at}`).main();
      expect(other.outputs.reason).toBe("active");
      expect((await step.post("success")).code).toBe(0);
    }
    expect(intervals).toEqual([0, 1, 2, 3].map((hour) => [iso(start + hour * HOUR), iso(start + (hour + 1) * HOUR)]));
    for (const offset of ["+2h", "-2h"]) {
      expect((await stepAt(offset, inputs).main()).outputs).toMatchObject({
        reason: "not-due",
        "due-at": iso(start + 5 * HOUR),
      });
    }
  });
});
