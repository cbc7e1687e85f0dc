import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR, SECOND } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type Step } from "../../testing/action/runner.mjs";
import type { GitExchange } from "../../testing/git/git-server.mjs";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

// A runner's machine may be suspended at any instant. Here main is stopped while a request of it is in flight, and goes on
// when its retry-interval has passed.

const RETRY = { "retry-interval": "2 seconds" };
const OTHER = runOf("report", "2");
const HELD_BY_OTHER = "held by octo-org/reports, run 2, job report";

let repository: LocksRepository;
let onRequest: (exchange: GitExchange) => void = () => {};
beforeAll(async () => {
  repository = await LocksRepository.serve({
    fault: (exchange) => {
      onRequest(exchange);
      return undefined;
    },
  });
});
afterEach(() => {
  onRequest = () => {};
});
afterAll(() => repository.close());

/** Starts main, and stops it as its first request of this kind arrives. The request itself is carried out. */
async function stoppedAt(step: Step, command: string) {
  const stopped = new Promise<GitExchange>((resolve) => {
    onRequest = (exchange) => {
      if (exchange.command !== command) return;
      onRequest = () => {};
      step.process?.kill("SIGSTOP");
      resolve(exchange);
    };
  });
  const main = step.main();
  const exchange = await stopped;
  while (exchange.ms === 0) await pause(5);
  return {
    goOn: () => {
      step.process?.kill("SIGCONT");
      return main;
    },
  };
}

async function freeJob(jobName: string) {
  await repository.write(jobName, finishedUntil(jobName, Date.now() - 1.5 * HOUR));
  const [mine, others] = [runOf("report", "1"), OTHER].map((env) =>
    repository.step({ "job-name": jobName, ...RETRY }, env),
  );
  return { mine: mine as Step, others: others as Step };
}

// Windows cannot stop a process.
(process.platform === "win32" ? describe.skip : describe)("a main that is stopped", () => {
  test("between its read and its push, while another run is granted the job: it does not run", async () => {
    const { mine, others } = await freeJob("read, then stopped");
    const { goOn } = await stoppedAt(mine, "fetch");
    expect((await others.main()).outputs.started).toBe("true");
    await pause(2.5 * SECOND);
    // The other run is alive.
    const renewed = await repository.state("read, then stopped");
    const updatedAt = new Date().toISOString();
    await repository.write("read, then stopped", { ...renewed, active: { ...renewed?.active, updatedAt } });

    const main = await goOn();
    expect(main).toMatchObject({ code: 0, outputs: { started: "false", reason: "active" } });
    expect(main.log.at(-1)).toContain(HELD_BY_OTHER);
    expect(await mine.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
  });

  test("after its push took the lock, while another run takes it over: it does not run", async () => {
    const { mine, others } = await freeJob("pushed, then stopped");
    const { goOn } = await stoppedAt(mine, "push");
    await pause(2.5 * SECOND);
    const taking = await others.main();
    expect(taking.outputs).toMatchObject({ started: "true", "taken-over-from": expect.stringContaining("run 1") });

    const main = await goOn();
    expect(main).toMatchObject({ code: 0, outputs: { started: "false", reason: "active", "job-id": "" } });
    expect(main.log.at(-1)).toContain(HELD_BY_OTHER);
    expect(await mine.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
    expect((await others.post("success")).code).toBe(0);
  });

  test.each(["fetch", "push"])(
    "at its %s, and no other run came: its lock is as good as new when it runs",
    async (at) => {
      const jobName = `alone, stopped at its ${at}`;
      const { mine, others } = await freeJob(jobName);
      const { goOn } = await stoppedAt(mine, at);
      await pause(4 * SECOND);
      const { outputs } = await goOn();
      expect(outputs).toMatchObject({ started: "true" });
      const [created, updated] = ["job-created-at", "job-updated-at"].map((name) => Date.parse(outputs[name] ?? ""));
      expect(Number(updated) - Number(created)).toBeGreaterThan(2 * SECOND);
      expect((await repository.state(jobName))?.active?.updatedAt).toBe(outputs["job-updated-at"]);

      const refused = await others.main();
      expect(refused.outputs).toMatchObject({ started: "false", reason: "active" });
      expect((await mine.post("success")).code).toBe(0);
    },
  );
});
