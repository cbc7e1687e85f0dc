import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf } from "../../testing/action/runner.mjs";
import { StepHere } from "../../testing/action/step-here.ts";
import { annotations, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { untilWritten } from "../../testing/files/until-written.ts";
import { isAlive } from "../../testing/processes/is-alive.ts";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const NOTHING_LEFT = ["This step holds no lock: nothing to end"];

let repository: LocksRepository;
let workspace: string;
beforeAll(async () => {
  repository = await LocksRepository.serve();
  workspace = mkdtempSync(path.join(tmpdir(), "cronyx-workspace-"));
});
afterAll(async () => {
  await repository.close();
  rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
});

const stepOf = (jobName: string, inputs: Record<string, string>, env: Record<string, string> = {}) =>
  repository.step({ "job-name": jobName, ...inputs }, { ...runOf("report"), GITHUB_WORKSPACE: workspace, ...env });

const read = (file: string) => readFileSync(path.join(workspace, file), "utf8");

const written = (file: string) => untilWritten(workspace, file);

describe("a command that succeeds", () => {
  test("runs under the lock with the interval in its environment, and finishes it at once", async () => {
    const step = stepOf("success", {
      run: [
        'echo "$CRONYX_JOB_NAME $CRONYX_JOB_ID $CRONYX_INTERVAL_STARTED_AT $CRONYX_INTERVAL_ENDED_AT" > interval',
        "pwd > folder",
        "env > environment",
        'echo "rows=7" >> "$GITHUB_OUTPUT"',
        'echo "REPORT=done" >> "$GITHUB_ENV"',
        "printf unfinished=line >> $GITHUB_OUTPUT",
      ].join("\n"),
      token: "ghs_secret",
    });
    const main = await step.main();
    expect(annotations("error", main)).toEqual([]);
    expect(main.code).toBe(0);
    const { "job-id": id, "job-interval-started-at": from, "job-interval-ended-at": to } = main.outputs;
    expect(read("interval")).toBe(`success ${id} ${from} ${to}\n`);
    expect(read("folder").trim()).toBe(workspace);
    expect(main.outputs).toMatchObject({ started: "true", "intervals-finished": "1", behind: "0" });
    const environment = read("environment");
    expect(environment).not.toMatch(/^(INPUT_|STATE_|GITHUB_STATE=|ACTIONS_RUNTIME_)/m);
    expect(environment).not.toContain("ghs_secret");
    expect(environment).toMatch(/^GITHUB_RUN_ID=/m);
    expect(await repository.state("success")).toMatchObject({
      active: null,
      finishedUntil: to,
      history: [{ id, outcome: "finished" }],
    });
    expect(main.state).toEqual(NOTHING_TO_END);
    expect((await step.post("success")).log).toEqual(NOTHING_LEFT);
    expect((await step.post("failure")).log).toEqual(NOTHING_LEFT);
  });

  test("outputs that the command leaves without a line's end stay whole", async () => {
    const step = stepOf("outputs", { run: 'printf "rows=7" >> "$GITHUB_OUTPUT"' });
    await step.main();
    expect(readFileSync(path.join(step.folder, "main-OUTPUT"), "utf8")).toMatch(/^rows=7$/m);
    expect((await step.main()).outputs).toMatchObject({ reason: "not-due" });
  });

  test("its output reaches the log as it comes, and it has no input", async () => {
    const main = await stepOf("output", { run: "echo visible; echo trouble >&2; cat" }).main();
    expect(main.log).toEqual(expect.arrayContaining(["visible", "trouble"]));
    expect(main.code).toBe(0);
  });

  test.each([
    ["bash", "set -o | grep pipefail; [[ a == a ]]", "pipefail"],
    ["sh", "echo $0", "/script.sh"],
    [
      "python",
      "import os\nif True:\n    print('python for', os.environ['CRONYX_JOB_NAME'])",
      "python for shell python",
    ],
    ["bash --noprofile -x {0}", "true", "+ true"],
    ["env -S node {0}", "console.log('node runs it')", "node runs it"],
  ])("shell: %s", async (shell, run, says) => {
    const main = await stepOf(`shell ${shell}`, { shell, run }).main();
    expect(main.log.join("\n")).toContain(says);
    expect(main.code).toBe(0);
  });

  test("working-directory is a folder of the workspace", async () => {
    await stepOf("make folder", { run: "mkdir -p in/side" }).main();
    const main = await stepOf("folder", { run: "pwd", "working-directory": "in/side" }).main();
    expect(main.log).toContain(path.join(workspace, "in", "side"));
  });
});

describe("a command that fails", () => {
  test.each([
    ["exit 3", 3],
    ["false\necho not reached", 1],
    ["kill -9 $$", 137],
    ["no-such-program-anywhere", 127],
  ])("%j interrupts the interval, and the step fails with its code", async (run, code) => {
    const jobName = `failure ${code}`;
    const step = stepOf(jobName, { run });
    const main = await step.main();
    expect(main.code).toBe(code);
    expect(annotations("error", main)).toEqual([`The command exited with ${code}`]);
    expect(main.log).not.toContain("not reached");
    expect(main.outputs).toMatchObject({ started: "true", "intervals-finished": "0" });
    expect(await repository.state(jobName)).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });
    expect((await step.post("failure")).log).toEqual(NOTHING_LEFT);
    const again = await stepOf(jobName, { run: "true" }).main();
    expect(again.outputs["job-interval-started-at"]).toBe(main.outputs["job-interval-started-at"]);
  });

  test.each([
    [{ run: "true", shell: "fish-and-chips" }, 'shell "fish-and-chips" is no shell that the runner knows'],
    [{ run: "true", shell: "no-such-shell {0}" }, "needs the program no-such-shell"],
    [{ run: "true", "working-directory": "no/such" }, "is not a folder on this runner"],
    [{ run: "true", "working-directory": "/etc/passwd/x" }, "is not a folder on this runner"],
    [{ run: "true", "working-directory": "x".repeat(300) }, "is not a folder on this runner"],
    [{ run: "true", shell: "bash" + " -e" }, "has no {0}"],
    [{ shell: "bash" }, "is for the command of the input run, which is not set"],
    [{ "max-intervals": "2" }, "is for the command of the input run, which is not set"],
    [{ run: "true", "max-intervals": "0" }, 'max-intervals "0" is not a number of intervals'],
    [{ run: "true", "max-intervals": "2", "no-lock": "true" }, "without a lock each start gets the same interval"],
  ])("%j is refused before a lock is taken", async (inputs, says) => {
    const before = repository.exchanges.length;
    const own = { url: repository.httpUrl, "job-name": "refused", "job-interval": "1 hour" };
    const env = { ...runOf("report"), GITHUB_WORKSPACE: workspace, PATH: process.env.PATH ?? "" };
    const main = await new StepHere({ ...own, ...inputs }, env).main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining(says)]);
    expect(repository.exchanges).toHaveLength(before);
  });
});

describe("max-intervals", () => {
  test("runs the due intervals oldest first, and stops where none is due", async () => {
    await repository.write("three behind", finishedUntil("three behind", Date.now() - 3.5 * HOUR));
    const step = stepOf("three behind", { run: "echo $CRONYX_INTERVAL_STARTED_AT >> starts", "max-intervals": "10" });
    const main = await step.main();
    expect(main.code).toBe(0);
    const starts = read("starts").trim().split("\n");
    expect(starts).toEqual([...starts].sort());
    expect(starts).toHaveLength(3);
    expect(main.outputs).toMatchObject({ started: "true", "intervals-finished": "3", behind: "0" });
    expect(main.log.at(-1)).toMatch(/^No further interval \(not-due\)/);
    expect(
      (await repository.state("three behind"))?.history.filter(({ outcome }) => outcome === "finished"),
    ).toHaveLength(3);
  });

  test("stops at the first failure", async () => {
    await repository.write("second fails", finishedUntil("second fails", Date.now() - 3.5 * HOUR));
    const run = "echo x >> tries; [ $(wc -l < tries) -lt 2 ]";
    const main = await stepOf("second fails", { run, "max-intervals": "10" }).main();
    expect(main.code).toBe(1);
    expect(main.outputs).toMatchObject({ "intervals-finished": "1" });
    expect(read("tries")).toBe("x\nx\n");
  });

  test("stops at the number", async () => {
    await repository.write("two of three", finishedUntil("two of three", Date.now() - 3.5 * HOUR));
    const main = await stepOf("two of three", { run: "true", "max-intervals": "2" }).main();
    expect(main.outputs).toMatchObject({ "intervals-finished": "2", behind: "1" });
  });
});

test("a job that is not due runs nothing", async () => {
  await repository.write("done", finishedUntil("done", Date.now()));
  const main = await stepOf("done", { run: "touch ran" }).main();
  expect(main.code).toBe(0);
  expect(main.outputs).toMatchObject({ started: "false", reason: "not-due", "intervals-finished": "0" });
  expect(existsSync(path.join(workspace, "ran"))).toBe(false);
});

test("no-lock runs the command for the interval, and writes nothing", async () => {
  const main = await stepOf("free", {
    run: "echo $CRONYX_INTERVAL_STARTED_AT; echo \"id: '$CRONYX_JOB_ID'\"",
    "no-lock": "true",
    "job-interval-started-at": "2026-11-01T00:00:00Z",
  }).main();
  expect(main.log).toEqual(expect.arrayContaining(["2026-11-01T00:00:00.000Z", "id: ''"]));
  expect(await repository.state("free")).toBeNull();
});

describe("a command that is stopped", () => {
  const TREE = (name: string) =>
    `trap '' INT TERM\n(trap '' INT TERM; echo $BASHPID > ${name}-child; setsid sleep 1000 & echo $! > ${name}-daemon; touch ${name}-ready; while :; do sleep 1; done)`;
  const pids = (name: string) => ["child", "daemon"].map((part) => Number(read(`${name}-${part}`)));

  test("a cancel ends the whole process tree and interrupts, within 7.5 s", async () => {
    const env: Record<string, string> = {};
    if (process.platform === "linux") {
      // Many images for containers have no ps.
      const programs = path.join(workspace, "programs");
      mkdirSync(programs);
      writeFileSync(path.join(programs, "ps"), "#!/bin/sh\nexit 127\n", { mode: 0o755 });
      env.PATH = `${programs}:${process.env.PATH}`;
    }
    const step = stepOf("cancelled", { run: TREE("cancelled"), "retry-interval": "1 day" }, env);
    const main = step.main();
    await written("cancelled-ready");
    const from = performance.now();
    step.process?.kill("SIGINT");
    const { code, log } = await main;
    expect(performance.now() - from).toBeLessThan(7500);
    expect(code).toBe(1);
    expect(log.join("\n")).toContain(", because the run was cancelled; the next start gets the same interval");
    expect(pids("cancelled").map(isAlive)).toEqual([false, false]);
    expect(await repository.state("cancelled")).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });
    expect((await step.post("cancelled")).log).toEqual(NOTHING_LEFT);
  });

  test.each([
    ["killed", {}],
    // Only Linux shows the environment of a process, by which it is found then.
    ...(process.platform === "linux" ? ([["killed-before-it-saved-the-process", { commandPid: "" }]] as const) : []),
  ])("after main was %s, post ends the command before it interrupts", async (name, saved) => {
    const step = stepOf(name, { run: TREE(name), "retry-interval": "1 day" });
    const main = step.main();
    await written(`${name}-ready`);
    step.process?.kill("SIGKILL");
    await main;
    step.state = { ...step.state, ...saved };
    expect(pids(name).map(isAlive)).toEqual([true, true]);
    const post = await step.post("failure");
    expect(post.log.join("\n")).toContain(
      ", because the step ended before its command did; the next start gets the same interval",
    );
    expect(pids(name).map(isAlive)).toEqual([false, false]);
    expect(await repository.state(name)).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });
  });

  test("post after a kill of main does not finish, whatever the job's status says", async () => {
    const step = stepOf("killed early", { run: "touch early-ready; sleep 1000" });
    const main = step.main();
    await written("early-ready");
    step.process?.kill("SIGKILL");
    await main;
    expect((await step.post("success")).log.join("\n")).toContain("Interrupted: killed early");
  });

  test("a lost lock stops the command, and the other run's lock stays", async () => {
    const step = stepOf("lost", { run: "touch lost-ready; sleep 1000", "retry-interval": "9 seconds" });
    const main = step.main();
    await written("lost-ready");
    await repository.write("lost", heldSince("lost", Date.now()));
    const { code, log } = await main;
    expect(code).toBe(1);
    expect(log.join("\n")).toContain("The command was stopped. The lock of lost");
    expect((await repository.state("lost"))?.active).not.toBeNull();
    expect((await step.post("failure")).log).toEqual(NOTHING_LEFT);
  });

  test("the lock of a long command is renewed", async () => {
    const step = stepOf("renewed", {
      run: "touch renewed-ready; until [ -e renewed-go ]; do sleep 0.1; done",
      // The lock is renewed after a third of it, and a slow machine has the rest.
      "retry-interval": "9 seconds",
    });
    const main = step.main();
    await written("renewed-ready");
    const first = (await repository.state("renewed"))?.active;
    await repository.pushed();
    expect((await repository.state("renewed"))?.active?.updatedAt).not.toBe(first?.updatedAt);
    writeFileSync(path.join(workspace, "renewed-go"), "");
    expect((await main).code).toBe(0);
    expect(await repository.state("renewed")).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
  });
});

describe("a cancel while a request is on its way", () => {
  // Git gets the held push after post. A step that waits for its answer would never end.
  test.each([
    ["the start of a later interval", { "max-intervals": "3" }, 3, 0],
    ["a renewal before the command", { "retry-interval": "1 second" }, 2, 700],
  ])("%s: the step ends, and post leaves the job free", async (name, inputs, heldPush, grantTakes) => {
    let release = () => {};
    const after = new Promise<void>((resolve) => {
      release = resolve;
    });
    let pushes = 0;
    let mainRuns = true;
    let cancel = () => {};
    const other = await LocksRepository.serve({
      fault: ({ command }) => {
        if (!mainRuns || command !== "push") return undefined;
        pushes++;
        if (pushes < heldPush) return pushes === 1 ? { delay: grantTakes } : undefined;
        cancel();
        return { after };
      },
    });
    try {
      await other.write(name, finishedUntil(name, Date.now() - 3.5 * HOUR));
      const env = { ...runOf("report"), GITHUB_WORKSPACE: workspace };
      const step = other.step({ "job-name": name, run: "true", deadline: "20 minutes", ...inputs }, env);
      cancel = () => step.process?.kill("SIGINT");
      const main = await step.main();
      mainRuns = false;
      expect(main.code).not.toBe(0);
      const post = await step.post("cancelled");
      release();
      expect(annotations("error", post)).toEqual([]);
      expect(await other.state(name)).toMatchObject({ active: null });
    } finally {
      release();
      await other.close();
    }
  });
});

describe("an end that main could not record", () => {
  test("post finishes the interval of a command that succeeded", async () => {
    let away = false;
    const other = await LocksRepository.serve({
      fault: ({ command }) => (away && command === "push" ? { status: 401 } : undefined),
    });
    try {
      const step = other.step(
        {
          "job-name": "unrecorded",
          run: 'echo done > "$GITHUB_WORKSPACE/unrecorded"; until [ -e away ]; do sleep 0.1; done',
        },
        { ...runOf("report"), GITHUB_WORKSPACE: workspace },
      );
      const main = step.main();
      await written("unrecorded");
      away = true;
      writeFileSync(path.join(workspace, "away"), "");
      const { code, log } = await main;
      expect(code).toBe(1);
      expect(log.join("\n")).toContain("is not known to be finished, and the post step tries again");
      away = false;
      expect((await step.post("failure")).log.join("\n")).toContain("Finished: unrecorded");
      expect(await other.state("unrecorded")).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
    } finally {
      await other.close();
    }
  });
});
