import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type Step } from "../../testing/action/runner.mjs";
import { annotations, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

const NOTHING_LEFT = ["This step holds no lock: nothing to end"];

let repository: LocksRepository;
let workspace: string;
let temporary: string;
beforeAll(async () => {
  repository = await LocksRepository.serve();
});
beforeEach(() => {
  workspace = mkdtempSync(path.join(tmpdir(), "cronyx-workspace-"));
  temporary = mkdtempSync(path.join(tmpdir(), "cronyx-runner-temp-"));
});
afterEach(() => {
  for (const folder of [workspace, temporary]) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
afterAll(() => repository.close());

const stepOf = (jobName: string, inputs: Record<string, string>, env: Record<string, string> = {}) =>
  repository.step(
    { "job-name": jobName, ...inputs },
    { ...runOf("report"), GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temporary, ...env },
  );

/** Where a command finds the file of the state, whose name is not in its environment. */
const STATE = '"$(dirname "$GITHUB_OUTPUT")/main-STATE"';

describe("a command that damages the files of its runner", () => {
  test.each([
    ["forges the state", `printf 'lockId<<E\\nother\\nE\\ncommandPid<<E\\n1\\nE\\n' >> ${STATE}`],
    ["leaves a line of the state without an end", `printf 'a=b' >> ${STATE}`],
    ["leaves a value of the state open", `printf 'a<<NEVER\\n' >> ${STATE}`],
    ["empties the state", `: > ${STATE}`],
    ["removes the state", `rm ${STATE}`],
    ["removes the outputs", 'rm "$GITHUB_OUTPUT"'],
    ["removes the files of the runner", `rm "$GITHUB_OUTPUT" "$GITHUB_STEP_SUMMARY" "$GITHUB_ENV" ${STATE}`],
    ["removes its folder of temporary files", 'rm -rf "$RUNNER_TEMP"'],
    ["puts a file in the place of that folder", 'rm -rf "$RUNNER_TEMP"; touch "$RUNNER_TEMP"'],
  ])("%s: its interval is finished, and post has nothing to end", async (jobName, run) => {
    const step = stepOf(jobName, { run });
    const main = await step.main();
    expect(annotations("error", main)).toEqual([]);
    expect(main.code).toBe(0);
    expect(main.outputs).toMatchObject({ started: "true", "intervals-finished": "1" });
    expect(await repository.state(jobName)).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
    expect(main.state).toEqual(NOTHING_TO_END);
    expect((await step.post("success")).log).toEqual(NOTHING_LEFT);
  });

  test("puts a folder in the place of each file: its interval is finished all the same", async () => {
    const replace = (file: string) => `rm ${file}; mkdir ${file}`;
    const run = ['"$GITHUB_OUTPUT"', '"$GITHUB_STEP_SUMMARY"', STATE].map(replace).join("\n");
    const step = stepOf("folders", { run });
    await step.main().catch(() => {});
    expect(await repository.state("folders")).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
  });

  test("leaves its summary without a line's end: the table keeps a paragraph of its own", async () => {
    const step = stepOf("summary", { run: 'printf "7 rows" >> "$GITHUB_STEP_SUMMARY"' });
    await step.main();
    expect(readFileSync(path.join(step.folder, "main-STEP_SUMMARY"), "utf8")).toMatch(/^7 rows\n\n\| job \|/);
  });

  test("leaves its output without a line's end: the runner sees the end of the group", async () => {
    const main = await stepOf("output", { run: "printf 'no end'; exit 3" }).main();
    expect(main.log).toEqual(expect.arrayContaining(["no end", "::endgroup::"]));
  });

  test("loses its outputs before it fails: the step has them all the same", async () => {
    const main = await stepOf("outputs", { run: ': > "$GITHUB_OUTPUT"; exit 3' }).main();
    expect(main.outputs).toMatchObject({ started: "true", "intervals-finished": "0" });
  });
});

describe("a command that removes the files of the action, as one does that cleans up its runner", () => {
  const removing = (jobName: string, run: string, inputs: Record<string, string> = {}) => {
    const action = path.join(temporary, "_actions");
    const step = stepOf(jobName, { run: `rm -rf ${action}; ${run}`, ...inputs });
    cpSync(path.join(step.dist, "action"), path.join(action, "action"), { recursive: true });
    step.dist = action;
    return step;
  };
  const summaryOf = ({ folder }: Step) => readFileSync(path.join(folder, "main-STEP_SUMMARY"), "utf8");

  test.each([
    ["succeeds", "exit 0", { code: 0, outcome: "finished", errors: [] }],
    ["fails", "exit 3", { code: 3, outcome: "interrupted", errors: ["The command exited with 3"] }],
  ])("and %s: its interval ends by its exit code, with a summary", async (jobName, run, { code, outcome, errors }) => {
    const step = removing(jobName, run);
    const main = await step.main();
    expect([main.code, annotations("error", main)]).toEqual([code, errors]);
    expect(await repository.state(jobName)).toMatchObject({ active: null, history: [{ outcome }] });
    expect(summaryOf(step)).toContain(`| ${outcome} |`);
  });

  test("has its lock renewed all the same", async () => {
    const go = path.join(workspace, "go");
    const step = removing("renewed", `until [ -e ${go} ]; do sleep 0.1; done`, { "retry-interval": "6 seconds" });
    let isOver = false;
    const main = step.main().finally(() => {
      isOver = true;
    });
    // Without a renewal the command is stopped, which ends the step too.
    for (let isRenewed = false; !isRenewed && !isOver; await pause(50)) {
      const { active = null } = (await repository.state("renewed")) ?? {};
      isRenewed = active !== null && active.updatedAt > active.createdAt;
    }
    writeFileSync(go, "");
    expect(annotations("error", await main)).toEqual([]);
    expect(await repository.state("renewed")).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
  });

  test("gets each further interval, and then the step says why there is none", async () => {
    await repository.write("further", finishedUntil("further", Date.now() - 2.5 * HOUR));
    const main = await removing("further", "exit 0", { "max-intervals": "3" }).main();
    expect(main.outputs).toMatchObject({ "intervals-finished": "2" });
    expect(main.log).toContainEqual(expect.stringMatching(/^No further interval \(not-due\)/));
    expect(main.code).toBe(0);
  });
});

describe("an action with a file that cannot be read", () => {
  const without = (words: string, jobName: string, inputs: Record<string, string>) => {
    const step = stepOf(jobName, inputs);
    const action = path.join(temporary, "_actions", "action");
    cpSync(path.join(step.dist, "action"), action, { recursive: true });
    const chunks = readdirSync(action).filter((file) => file.endsWith(".index.js"));
    const damaged = chunks.filter((file) => readFileSync(path.join(action, file), "utf8").includes(words));
    expect(damaged).not.toEqual([]);
    for (const file of damaged) rmSync(path.join(action, file));
    step.dist = path.dirname(action);
    return step;
  };

  test.each([{}, { run: "exit 0" }])(
    "the one of the summary: the interval is finished, with the inputs %j",
    async (inputs) => {
      const jobName = `no summary with ${Object.keys(inputs).length} inputs`;
      const step = without("The summary of this step is too long", jobName, inputs);
      const main = await step.main();
      expect([main.code, annotations("error", main)]).toEqual([0, []]);
      expect((await step.post("success")).code).toBe(0);
      expect(await repository.state(jobName)).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
    },
  );

  test("the one of failures: the step says what failed all the same, only without a remedy", async () => {
    const main = await without("The lock may have been taken", "no remedy", { timezone: "Europe/Atlantis" }).main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining("Europe/Atlantis")]);
    expect(main.log.join("\n")).not.toMatch(/^Node\.js v/m);
  });
});

describe("a command that cannot be started for a later interval", () => {
  test.each([
    ["its folder is gone", "rmdir $PWD"],
    ["there is no room for its script", 'rm -rf "$RUNNER_TEMP"; touch "$RUNNER_TEMP"'],
  ])("%s: that interval is interrupted at once, and the step fails", async (jobName, run) => {
    await repository.write(jobName, finishedUntil(jobName, Date.now() - 3.5 * HOUR));
    await stepOf(`make folder of ${jobName}`, { run: "mkdir own" }).main();
    const step = stepOf(jobName, { run, "working-directory": "own", "max-intervals": "3" });
    const main = await step.main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining("The command could not be started")]);
    expect(main.outputs).toMatchObject({ "intervals-finished": "1" });
    expect(await repository.state(jobName)).toMatchObject({
      active: null,
      history: [{ outcome: "interrupted" }, { outcome: "finished" }],
    });
    expect((await step.post("failure")).log).toEqual(NOTHING_LEFT);
  });
});
