import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type Step, type StepResult } from "../../testing/action/runner.mjs";
import { heldSince } from "../../testing/states/states-of-other-runs.ts";

let repository: LocksRepository;
beforeAll(async () => {
  repository = await LocksRepository.serve();
});
afterAll(() => repository.close());

describe.each([
  ["git+http:", 8],
  ["git+file:", 4],
])("over %s, %i mains at once", (protocol, racers) => {
  const jobName = `raced for over ${protocol}`;
  let winner: Step;

  /** Starts all at once. One is granted the job, and the refusals of the others name it. */
  async function race(inputs: Record<string, string>, round: number): Promise<StepResult> {
    const url = protocol === "git+http:" ? repository.httpUrl : repository.fileUrl;
    const steps = Array.from({ length: racers }, (_, at) =>
      repository.step({ url, "job-name": jobName, ...inputs }, runOf("report", `${round}${at + 100}`)),
    );
    const mains = await Promise.all(steps.map((step) => step.main()));
    const won = mains.findIndex(({ outputs }) => outputs.started === "true");
    winner = steps[won] as Step;
    const main = mains[won] as StepResult;
    expect((await repository.state(jobName))?.active?.id).toBe(main.outputs["job-id"]);

    const winnersRun = `https://github.com/octo-org/reports/actions/runs/${round}${won + 100}/attempts/1`;
    for (const other of mains.toSpliced(won, 1)) {
      expect(other).toMatchObject({ code: 0, outputs: { started: "false", reason: "active" } });
      expect(other.log.at(-1)).toContain(`held by octo-org/reports, run ${round}${won + 100}`);
      expect(other.log.at(-1)).toContain(`(${winnersRun}) since ${main.outputs["job-created-at"]}`);
    }
    for (const step of steps.toSpliced(won, 1)) expect(step.state.lockId).toBe("");
    return main;
  }

  let end = "";
  const finishes = async (main: StepResult) => {
    expect((await winner.post("success")).code).toBe(0);
    end = main.outputs["job-interval-ended-at"] ?? "";
  };

  test("for the job's very first interval", async () => {
    await finishes(await race({ "job-interval": "1 hour" }, 1));
  });

  test("for the next one, which starts where that one ended", async () => {
    const before = end;
    const main = await race({ "job-interval": "1" }, 2);
    expect(main.outputs["job-interval-started-at"]).toBe(before);
    await finishes(main);
  });

  test("to take it over from a run that is dead", async () => {
    const dead = heldSince(jobName, Date.now() - HOUR);
    await repository.write(jobName, dead);
    const main = await race({ "job-interval": "1", "retry-interval": "30 minutes" }, 3);
    expect(main.outputs["job-interval-started-at"]).toBe(dead.active?.intervalStartedAt);
    expect((await repository.state(jobName))?.history[0]).toMatchObject({
      id: dead.active?.id,
      outcome: "taken-over",
    });
  });
});
