import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, Step } from "../../testing/action/runner.mjs";
import { StepHere } from "../../testing/action/step-here.ts";
import { annotations } from "../../testing/action/step-results.ts";
import { type ApiRequest, serveGitHubApi } from "../../testing/servers/github-api.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

const DIST = path.resolve(import.meta.dirname, "../../dist");
const HOUR = 3_600_000;

const needs = (results: Record<string, string>) =>
  JSON.stringify(Object.fromEntries(Object.entries(results).map(([job, result]) => [job, { result, outputs: {} }])));
const ALL_WELL = needs({ start: "success", build: "success" });
const BUILD_FAILED = needs({ start: "success", build: "failure" });

let folder: string;
let repository: LocksRepository;
let server: RunningServer;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
  repository = await LocksRepository.serve();
  server = await runServer();
});
afterAll(async () => {
  await repository.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const attempt = (number: number, runId = "42", repositoryName = "octo-org/reports") => ({
  ...runOf("some job", runId, repositoryName),
  GITHUB_RUN_ATTEMPT: String(number),
});

describe.each(["git+http:", "git+file:", "our own server"])("on %s", (kind) => {
  const jobOf = (name: string) => `${name} on ${kind}`;
  const url = () => ({ "git+http:": repository.httpUrl, "git+file:": repository.fileUrl })[kind] ?? server.url;
  const stateOf = async (jobName: string): Promise<JobState | null> =>
    kind === "our own server"
      ? ((await server.store.read([jobName], deadlineIn(5000))).records.get(jobName)?.state ?? null)
      : repository.state(jobName);
  const stepOf = (inputs: Record<string, string>) =>
    new Step({ dist: DIST, temporary: folder, inputs: { url: url(), ...inputs }, env: attempt(1) });
  const start = (jobName: string, inputs = {}, env = attempt(1)) =>
    new StepHere({ url: url(), "job-name": jobName, "job-interval": "1 hour", ...inputs }, env).main("start");
  const end = (jobName: string, inputs: Record<string, string>, env = attempt(1)) =>
    new StepHere({ url: url(), "job-name": jobName, ...inputs }, env).main("end");

  test("an interval is finished after all needed jobs succeeded", async () => {
    const jobName = jobOf("plain");
    const step = stepOf({ "job-name": jobName, "job-interval": "1 hour" });
    const started = await step.main("start");
    expect(annotations("error", started)).toEqual([]);
    expect(started.outputs).toMatchObject({ started: "true", "job-name": jobName });
    expect((await step.post("success")).log).toEqual([
      "The lock stays for cronyx-action/end, in a later job of this run",
    ]);
    expect((await stateOf(jobName))?.active).toMatchObject({
      id: started.outputs["job-id"],
      holder: { kind: "start" },
    });

    const handed = { "job-name": jobName, lock: started.outputs.lock ?? "", needs: ALL_WELL };
    const ended = await stepOf(handed).main("end");
    expect(annotations("error", ended)).toEqual([]);
    expect(ended).toMatchObject({ code: 0, outputs: { ended: "finished" } });
    expect(await stateOf(jobName)).toMatchObject({
      active: null,
      finishedUntil: started.outputs["job-interval-ended-at"],
      history: [{ outcome: "finished" }],
    });
    const again = await stepOf(handed).main("end");
    expect(again.code).toBe(0);
    expect(again.log.at(-1)).toMatch(/^Nothing to end: .* was finished at /);
  });

  // Whether git or HTTP carries a repository's requests decides none of the following.
  if (kind === "git+file:") return;

  test("a failed job interrupts the interval, and an attempt that succeeds resumes and finishes it", async () => {
    const jobName = jobOf("second attempt");
    const { outputs } = await start(jobName);
    const lock = outputs.lock ?? "";
    const failed = await end(jobName, { lock, needs: BUILD_FAILED });
    expect(failed).toMatchObject({ code: 0, outputs: { ended: "interrupted" } });
    expect(failed.log.at(-1)).toContain("because the job build ended with failure");
    const failedAgain = await end(jobName, { lock, needs: BUILD_FAILED }, attempt(2));
    expect(failedAgain.log.at(-1)).toMatch(/^Nothing to end: .* was interrupted at /);

    const done = await end(jobName, { lock, needs: ALL_WELL }, attempt(3));
    expect(annotations("error", done)).toEqual([]);
    expect(done.log.at(-1)).toMatch(/^Finished: .*, after an earlier attempt of this run had interrupted it$/);
    expect(await stateOf(jobName)).toMatchObject({ finishedUntil: outputs["job-interval-ended-at"], active: null });
  });

  test("an attempt that succeeds after another run was granted the job fails, and names that run", async () => {
    const jobName = jobOf("too late");
    const { outputs } = await start(jobName);
    const lock = outputs.lock ?? "";
    await end(jobName, { lock, needs: BUILD_FAILED });
    await start(jobName, {}, attempt(1, "43"));
    const late = await end(jobName, { lock, needs: ALL_WELL }, attempt(2));
    expect(late.code).toBe(1);
    expect(annotations("error", late)).toEqual([expect.stringContaining("granted to octo-org/reports, run 43")]);
    expect((await stateOf(jobName))?.active?.holder?.runId).toBe("43");
  });

  test.each([
    ["another run", attempt(1, "43"), "is held by another run"],
    ["another repository", attempt(1, "42", "octo-org/fork"), "is held by another run"],
  ])("the lock of %s is refused, and stays", async (name, env, says) => {
    const jobName = jobOf(`of ${name}`);
    const { outputs } = await start(jobName);
    for (const result of [ALL_WELL, BUILD_FAILED]) {
      const refused = await end(jobName, { lock: outputs.lock ?? "", needs: result }, env);
      expect(refused.code).toBe(1);
      expect(annotations("error", refused)).toEqual([expect.stringContaining(says)]);
    }
    expect((await stateOf(jobName))?.active?.id).toBe(outputs["job-id"]);
  });

  test("a text with the id of another run's lock is refused", async () => {
    const jobName = jobOf("forged");
    const { outputs } = await start(jobName, {}, attempt(1, "43"));
    const refused = await end(jobName, { lock: outputs.lock ?? "", end: "finish" });
    expect(annotations("error", refused)).toEqual([expect.stringContaining("run 43")]);
    expect((await stateOf(jobName))?.active?.id).toBe(outputs["job-id"]);
  });

  test("a job that was not started ends nothing", async () => {
    const jobName = jobOf("refused");
    await start(jobName, {}, attempt(1, "43"));
    const refused = await start(jobName);
    expect(refused.outputs).toMatchObject({ started: "false", reason: "active", lock: '{"started":false}' });
    const skipped = needs({ start: "success", build: "skipped" });
    for (const result of [ALL_WELL, skipped]) {
      expect(await end(jobName, { lock: refused.outputs.lock ?? "", needs: result })).toMatchObject({
        code: 0,
        outputs: { ended: "" },
      });
    }
  });

  test("the caller may decide", async () => {
    const jobName = jobOf("by caller");
    const first = await start(jobName);
    expect((await end(jobName, { lock: first.outputs.lock ?? "", end: "interrupt" })).outputs.ended).toBe(
      "interrupted",
    );
    const second = await start(jobName);
    const ended = await end(jobName, { lock: second.outputs.lock ?? "", end: "finish", needs: BUILD_FAILED });
    expect(ended.outputs.ended).toBe("finished");
  });

  test("a start that was killed before its outputs is given up by its post step", async () => {
    const jobName = jobOf("killed");
    const step = stepOf({ "job-name": jobName, "job-interval": "1 hour" });
    await step.main("start");
    // The state as it is while the answer is on its way: post cannot tell the difference.
    const state = await stateOf(jobName);
    step.state = {
      ...step.state,
      location: url().replace(/\/$/, ""),
      jobName,
      lockId: state?.active?.id ?? "",
      started: "false",
      isMarked: "true",
    };
    const post = await step.post("failure");
    expect(post.log.at(-1)).toContain("before its start was reported");
    expect((await stateOf(jobName))?.active).toBeNull();
  });
});

test.each([
  ["another job", { "job-name": "another" }, "is of the job"],
  ["another location", { url: "git+https://git.invalid/locks" }, "is not where the lock was taken"],
])("the lock of %s is refused, and stays", async (name, inputs, says) => {
  const jobName = `of ${name}`;
  const { outputs } = await repository.step({ "job-name": jobName }, attempt(1)).main("start");
  for (const result of [ALL_WELL, BUILD_FAILED]) {
    const asked = { "job-name": jobName, lock: outputs.lock ?? "", needs: result, ...inputs };
    const refused = await repository.step(asked, attempt(1)).main("end");
    expect(refused.code).toBe(1);
    expect(annotations("error", refused)).toEqual([expect.stringContaining(says)]);
  }
  expect((await repository.state(jobName))?.active?.id).toBe(outputs["job-id"]);
});

describe("inputs", () => {
  const end = (inputs: Record<string, string>) =>
    new StepHere({ url: repository.httpUrl, "job-name": "report", ...inputs }, attempt(1)).main("end");

  test("an empty lock ends nothing where a needed job failed, and is an error otherwise", async () => {
    const idle = await end({ needs: needs({ start: "failure", build: "skipped" }) });
    expect(idle).toMatchObject({ code: 0, outputs: { ended: "" } });
    expect(idle.log.at(-1)).toBe("Nothing to end: there is no lock, because the job start ended with failure");
    const wrong = await end({ needs: ALL_WELL });
    expect(annotations("error", wrong)).toEqual([
      expect.stringContaining("lock is empty, although the work succeeded"),
    ]);
  });

  test("an empty lock is an error where a needed job says that it started the interval", async () => {
    const lost = JSON.stringify({
      start: { result: "success", outputs: { started: "true" } },
      build: { result: "failure", outputs: {} },
    });
    const wrong = await end({ needs: lost });
    expect(annotations("error", wrong)).toEqual([
      expect.stringContaining("lock is empty, although the job start started the interval, whose lock stays active"),
    ]);
  });

  test.each([
    [{ lock: '{"started":false}' }, "needs is missing"],
    [{ lock: '{"started":false}', needs: "success" }, "is not JSON"],
    [{ lock: "{}", needs: ALL_WELL }, 'lock "{}" is not the text of a lock'],
    [{ lock: '{"started":false}', needs: ALL_WELL, end: "fail" }, "use one of by-needs, finish, interrupt"],
    [{ lock: '{"started":false}', needs: ALL_WELL, "allow-skipped": "deploy" }, "is not one of the needed jobs"],
  ])("%j is refused", async (inputs, says) => {
    const before = repository.exchanges.length;
    const main = await end(inputs);
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining(says)]);
    expect(repository.exchanges).toHaveLength(before);
  });

  test("start refuses the command, which is for a lock of one job", async () => {
    const main = await repository.step({ "job-name": "report", run: "true" }, attempt(1)).main("start");
    expect(annotations("error", main)).toEqual([expect.stringContaining("is for a lock of one job")]);
  });
});

describe("on an original server", () => {
  let original: OriginalServer;
  beforeEach(async () => {
    original = await new OriginalServer().listen();
  });
  afterEach(() => original.close());

  test("the lock is ended by its id, since the server shows no holder", async () => {
    const stepOf = (inputs: Record<string, string>) =>
      new Step({
        dist: DIST,
        temporary: folder,
        inputs: { url: original.url, "job-name": "report", ...inputs },
        env: attempt(1),
      });
    const started = await stepOf({ "job-interval": "1 hour" }).main("start");
    const lock = started.outputs.lock ?? "";
    expect(await stepOf({ lock, needs: BUILD_FAILED }).main("end")).toMatchObject({
      code: 0,
      outputs: { ended: "interrupted" },
    });
    const again = await stepOf({ "job-interval": "1 hour" }).main("start");
    const ended = await stepOf({ lock: again.outputs.lock ?? "", needs: ALL_WELL }).main("end");
    expect(annotations("error", ended)).toEqual([]);
    expect(ended).toMatchObject({ code: 0, outputs: { ended: "finished" } });
  });
});

describe("when-behind: dispatch", () => {
  test("the workflow is started once more after the finish of a lock with further intervals due", async () => {
    const requests: ApiRequest[] = [];
    const api = await serveGitHubApi((request) => {
      requests.push(request);
      return { status: 204 };
    });
    const env = {
      ...attempt(1),
      GITHUB_API_URL: api.url,
      GITHUB_REF: "refs/heads/main",
      GITHUB_WORKFLOW_REF: "octo-org/reports/.github/workflows/hourly.yml@refs/heads/main",
    };
    await repository.write("behind", finishedUntil("behind", Date.now() - 2.5 * HOUR));
    const started = await repository.step({ "job-name": "behind" }, env).main("start");
    const inputs = { "job-name": "behind", lock: started.outputs.lock ?? "", "when-behind": "dispatch" };
    const ended = await repository.step({ ...inputs, needs: ALL_WELL, "github-token": "ghs_1" }, env).main("end");
    expect(ended.log).toContain("::add-mask::ghs_1");
    expect(requests.map(({ line }) => line)).toEqual([
      "POST /repos/octo-org/reports/actions/workflows/hourly.yml/dispatches",
    ]);
    await api.close();
  });
});
