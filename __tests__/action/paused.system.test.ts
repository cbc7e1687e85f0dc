import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR, SECOND } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type Step } from "../../testing/action/runner.mjs";
import { type GitExchange, tokenOf } from "../../testing/git/git-server.mjs";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

// A runner's machine may be suspended at any instant. Here main is stopped while a request of it is in flight, and goes on
// when its retry-interval has passed. Main is a process, and its clock cannot be set: the tests wait for real, all at once.

const RETRY = { "retry-interval": "2 seconds" };
const OTHER = runOf("report", "2");
const HELD_BY_OTHER = "held by octo-org/reports, run 2, job report";

let repository: LocksRepository;
/** Listeners by token: each step has a token of its own, which tells its requests from those of other steps. */
const listeners = new Map<string, (exchange: GitExchange) => void>();
beforeAll(async () => {
  repository = await LocksRepository.serve({
    fault: (exchange) => {
      listeners.get(tokenOf(exchange))?.(exchange);
      return undefined;
    },
  });
});
afterAll(() => repository.close());

/** Starts main, and stops it as its first request of this kind arrives. The request itself is carried out. */
async function stoppedAt(step: Step, command: string) {
  const stopped = new Promise<GitExchange>((resolve) => {
    const token = step.inputs.token ?? "";
    listeners.set(token, (exchange) => {
      if (exchange.command !== command) return;
      listeners.delete(token);
      step.process?.kill("SIGSTOP");
      resolve(exchange);
    });
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

/** Renews the lock of the other run in the future, so that it is fresh however long main takes. */
async function renewByOther(jobName: string) {
  const state = await repository.state(jobName);
  const updatedAt = new Date(Date.now() + HOUR).toISOString();
  await repository.write(jobName, { ...state, active: { ...state?.active, updatedAt } });
}

async function freeJob(jobName: string) {
  await repository.write(jobName, finishedUntil(jobName, Date.now() - 1.5 * HOUR));
  const [mine, others] = [runOf("report", "1"), OTHER].map((env) =>
    repository.step({ "job-name": jobName, token: randomUUID(), ...RETRY }, env),
  );
  return { mine: mine as Step, others: others as Step };
}

// Windows cannot stop a process.
(process.platform === "win32" ? describe.skip : describe)("a main that is stopped", () => {
  test.concurrent("between its read and its push, while another run is granted the job: it does not run", async () => {
    const { mine, others } = await freeJob("read, then stopped");
    const { goOn } = await stoppedAt(mine, "fetch");
    expect((await others.main()).outputs.started).toBe("true");
    await pause(2.5 * SECOND);
    await renewByOther("read, then stopped");

    const main = await goOn();
    expect(main).toMatchObject({ code: 0, outputs: { started: "false", reason: "active" } });
    expect(main.log.at(-1)).toContain(HELD_BY_OTHER);
    expect(await mine.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
  });

  test.concurrent("after its push took the lock, while another run takes it over: it does not run", async () => {
    const { mine, others } = await freeJob("pushed, then stopped");
    const { goOn } = await stoppedAt(mine, "push");
    await pause(2.5 * SECOND);
    const taking = await others.main();
    expect(taking.outputs).toMatchObject({ started: "true", "taken-over-from": expect.stringContaining("run 1") });
    await renewByOther("pushed, then stopped");

    const main = await goOn();
    expect(main).toMatchObject({ code: 0, outputs: { started: "false", reason: "active", "job-id": "" } });
    expect(main.log.at(-1)).toContain(HELD_BY_OTHER);
    expect(await mine.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
    expect((await others.post("success")).code).toBe(0);
  });

  test.concurrent.each(["fetch", "push"])(
    "at its %s, and no other run came: its lock is as good as new when it runs",
    async (at) => {
      const jobName = `alone, stopped at its ${at}`;
      const { mine } = await freeJob(jobName);
      const { goOn } = await stoppedAt(mine, at);
      await pause(4 * SECOND);
      const { outputs } = await goOn();
      expect(outputs).toMatchObject({ started: "true" });
      const [created, updated] = ["job-created-at", "job-updated-at"].map((name) => Date.parse(outputs[name] ?? ""));
      expect(Number(updated) - Number(created)).toBeGreaterThan(2 * SECOND);
      expect((await repository.state(jobName))?.active?.updatedAt).toBe(outputs["job-updated-at"]);
      expect((await mine.post("success")).code).toBe(0);
    },
  );
});
