import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { Holder } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf } from "../../testing/action/runner.mjs";
import { StepHere } from "../../testing/action/step-here.ts";
import { annotations } from "../../testing/action/step-results.ts";
import { type ApiAnswer, type ApiRequest, serveGitHubApi } from "../../testing/servers/github-api.ts";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const TOKEN = "ghs_for_this_run";

let repository: LocksRepository;
let api: Awaited<ReturnType<typeof serveGitHubApi>>;
let answers: Record<string, ApiAnswer>;
let onRequest: (request: ApiRequest) => void;
beforeAll(async () => {
  repository = await LocksRepository.serve();
});
beforeEach(async () => {
  answers = {};
  onRequest = () => {};
  api = await serveGitHubApi((request) => {
    onRequest(request);
    return answers[request.line];
  });
});
afterEach(() => api.close());
afterAll(() => repository.close());

const ownEnv = () => ({
  ...runOf("report", "42"),
  GITHUB_API_URL: api.url,
  GITHUB_REF: "refs/heads/main",
  GITHUB_WORKFLOW_REF: "octo-org/reports/.github/workflows/hourly.yml@refs/heads/main",
});

function stepOf(jobName: string, inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  return repository.step({ "job-name": jobName, "github-token": TOKEN, ...inputs }, { ...ownEnv(), ...env });
}

function stepHere(jobName: string, inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  const own = { url: repository.httpUrl, "job-interval": "1 hour", "github-token": TOKEN };
  return new StepHere({ ...own, "job-name": jobName, ...inputs }, { ...ownEnv(), ...env });
}

const HOLDER: Holder = {
  serverUrl: "https://github.com",
  repository: "octo-org/reports",
  runId: "7",
  attempt: "2",
  job: "nightly",
  checkRunId: "77",
  runUrl: "https://github.com/octo-org/reports/actions/runs/7/attempts/2",
  kind: "job",
};
const held = (jobName: string, holder: Holder) =>
  repository.write(jobName, heldSince(jobName, Date.now() - HOUR, { holder }));
const without = (...names: (keyof Holder)[]) =>
  Object.fromEntries(Object.entries(HOLDER).filter(([name]) => !names.includes(name as keyof Holder)));

const JOB = "GET /repos/octo-org/reports/actions/jobs/77";
const ATTEMPT = "GET /repos/octo-org/reports/actions/runs/7/attempts/2";
const RUN = "GET /repos/octo-org/reports/actions/runs/7";
const answered = (id: number, status: string, more: object = {}): ApiAnswer => ({
  status: 200,
  body: { id, run_id: 7, run_attempt: 2, status, ...more },
});

describe("the holder of an active lock", () => {
  const DEAD: [string, Holder, string, ApiAnswer][] = [
    ["whose job has completed", HOLDER, JOB, answered(77, "completed", { name: "nightly (eu)" })],
    [
      "without the id of its job, whose attempt has completed",
      without("checkRunId"),
      ATTEMPT,
      answered(7, "completed"),
    ],
    ["for several jobs, whose run has completed", { ...HOLDER, kind: "start" }, RUN, answered(7, "completed")],
  ];
  test.each(DEAD)("%s: the lock is taken over at once", async (name, holder, line, answer) => {
    await held(name, holder);
    answers[line] = answer;
    const main = await stepOf(name).main();
    expect(annotations("error", main)).toEqual([]);
    expect(main.outputs).toMatchObject({ started: "true", "taken-over-from": expect.stringContaining("run 7") });
    expect(api.requests.map((request) => [request.line, request.authorization])).toEqual([[line, `Bearer ${TOKEN}`]]);
    expect((await repository.state(name))?.history).toMatchObject([{ outcome: "taken-over" }]);
  });

  test("on an Enterprise server, whose API is a folder", async () => {
    await held("enterprise", HOLDER);
    answers[JOB.replace("/repos", "/api/v3/repos")] = answered(77, "completed");
    const main = await stepOf("enterprise", {}, { GITHUB_API_URL: `${api.url}/api/v3/` }).main();
    expect(main.outputs.started).toBe("true");
  });

  const ALIVE: [string, Holder, Record<string, ApiAnswer>, string][] = [
    [
      "is still running",
      HOLDER,
      { [JOB]: answered(77, "in_progress", { name: "nightly (eu)" }) },
      'as the job "nightly (eu)", which is still running',
    ],
    ["is queued again", { ...HOLDER, kind: "start" }, { [RUN]: answered(7, "queued") }, "which is still running"],
    ["may not be read", HOLDER, { [JOB]: { status: 403 } }, "is held by"],
    ["is in a repository that the token may not read", HOLDER, { [JOB]: { status: 404 } }, "is held by"],
    [
      "is asked for beyond the rate limit",
      HOLDER,
      { [JOB]: { status: 429, headers: { "retry-after": "3600" } } },
      "is held by",
    ],
    ["gets an answer about another job", HOLDER, { [JOB]: answered(78, "completed") }, "is held by"],
    [
      "gets an answer about a job of another run",
      HOLDER,
      { [JOB]: answered(77, "completed", { run_id: 8 }) },
      "is held by",
    ],
    [
      "gets an answer about another attempt",
      without("checkRunId"),
      { [ATTEMPT]: answered(7, "completed", { run_attempt: 1 }) },
      "is held by",
    ],
    [
      "gets an answer whose id is no number",
      HOLDER,
      { [JOB]: { status: 200, body: { id: [77], run_id: 7, status: "completed" } } },
      "is held by",
    ],
    ["gets an answer that is not 200", HOLDER, { [JOB]: { ...answered(77, "completed"), status: 203 } }, "is held by"],
    ["gets an answer that is no JSON object", HOLDER, { [JOB]: { status: 200, body: "completed" } }, "is held by"],
  ];
  test.each(ALIVE)("that %s: the start is refused", async (name, holder, given, says) => {
    await held(name, holder);
    answers = given;
    const main = await stepHere(name).main();
    expect(main.code).toBe(0);
    expect(main.outputs).toMatchObject({ started: "false", reason: "active" });
    expect(main.log.join("\n")).toContain(says);
    expect(api.requests).toHaveLength(1);
  });

  const UNASKED: [string, Holder][] = [
    ["of another server", { ...HOLDER, serverUrl: "https://ghe.example.com" }],
    ["that names no server", without("serverUrl")],
    ["that is the CLI or the library", without("kind")],
    ["of a kind that is not known here", { ...HOLDER, kind: "lease" }],
    ["whose repository leads elsewhere", { ...HOLDER, repository: "../../user" }],
    ["whose run is no number", { ...HOLDER, runId: "7/attempts/1?" }],
    ["whose attempt is no number", { ...without("checkRunId"), attempt: "2/../1" }],
  ];
  test.each(UNASKED)("%s: GitHub is not asked", async (name, holder) => {
    await held(name, holder);
    const main = await stepHere(name).main();
    expect(main.outputs).toMatchObject({ started: "false", reason: "active" });
    expect(api.requests).toEqual([]);
  });

  test("without a token GitHub is not asked", async () => {
    await held("no token", HOLDER);
    expect((await stepOf("no token", { "github-token": "" }).main()).outputs.reason).toBe("active");
    expect(api.requests).toEqual([]);
  });

  test("a lock that was renewed after GitHub's answer is not taken over", async () => {
    await held("renewed", HOLDER);
    answers[JOB] = answered(77, "completed");
    const renewedAt = new Date().toISOString();
    // The renewal lands while GitHub answers.
    const renewal = new Promise<void>((resolve) => {
      onRequest = () => {
        const state = heldSince("renewed", Date.now() - HOUR, { holder: HOLDER, updatedAt: renewedAt });
        repository.write("renewed", state).then(resolve);
      };
    });
    const main = await stepOf("renewed").main();
    await renewal;
    const state = await repository.state("renewed");
    // Either the renewal came first and the start was refused, or it replaced the whole state of the takeover.
    expect(state?.active).toMatchObject({ updatedAt: renewedAt, holder: HOLDER });
    expect(main.code).toBe(0);
  });

  test("in this very run, and in an earlier attempt of it", async () => {
    await held("same run", { ...HOLDER, runId: "42", attempt: "1" });
    const same = await stepOf("same run").main();
    expect(same.log.join("\n")).toContain("in this very run");
    const later = await stepOf("same run", {}, { GITHUB_RUN_ATTEMPT: "2" }).main();
    expect(later.log.join("\n")).toContain("an earlier attempt of this very run");
    expect(later.log.join("\n")).toContain('add "permissions: actions: read"');
  });
});

describe("not-started", () => {
  const CANCEL = "POST /repos/octo-org/reports/actions/runs/42/cancel";
  beforeAll(() => repository.write("done", finishedUntil("done", Date.now() + HOUR)));

  test("skip is the default", async () => {
    expect((await stepOf("done").main()).code).toBe(0);
    expect((await stepOf("done", { "not-started": "skip" }).main()).code).toBe(0);
  });

  test("fail fails the step with the refusal", async () => {
    const main = await stepOf("done", { "not-started": "fail" }).main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([
      expect.stringMatching(/^Not started \(not-due\): done .*not-started: fail$/),
    ]);
    expect(main.outputs).toMatchObject({ started: "false", reason: "not-due" });
  });

  test("fail lets a start that is granted succeed", async () => {
    const main = await stepOf("fresh", { "not-started": "fail" }).main();
    expect([main.code, main.outputs.started]).toEqual([0, "true"]);
  });

  test("cancel cancels this run, and ends at the runner's signal", async () => {
    const step = stepOf("done", { "not-started": "cancel" });
    answers[CANCEL] = { status: 202, body: {} };
    onRequest = () => setImmediate(() => step.process?.kill("SIGINT"));
    const main = await step.main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual(["The run was cancelled because of not-started: cancel"]);
    expect(api.requests).toMatchObject([{ line: CANCEL, authorization: `Bearer ${TOKEN}` }]);
  });

  test("cancel without permission fails, and says which one", async () => {
    answers[CANCEL] = { status: 403 };
    const main = await stepOf("done", { "not-started": "cancel" }).main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining('"permissions: actions: write"')]);
  });

  test("another word is refused", async () => {
    const main = await stepOf("done", { "not-started": "stop" }).main();
    expect(annotations("error", main)).toEqual([expect.stringContaining("use one of skip, fail, cancel")]);
  });
});

describe("when-behind: dispatch", () => {
  const DISPATCH = "POST /repos/octo-org/reports/actions/workflows/hourly.yml/dispatches";
  const behindBy = (jobName: string, hours: number) =>
    repository.write(jobName, finishedUntil(jobName, Date.now() - (hours + 0.5) * HOUR));
  const inputs = { "when-behind": "dispatch" };

  test("after a finish that leaves intervals due, the workflow is started once more", async () => {
    await behindBy("behind", 2);
    answers[DISPATCH] = { status: 204 };
    const step = stepOf("behind", inputs);
    await step.main();
    expect(api.requests).toEqual([]);
    const post = await step.post("success");
    expect(api.requests).toMatchObject([{ line: DISPATCH, body: { ref: "refs/heads/main" } }]);
    expect(post.log.at(-1)).toContain("Dispatched");
    expect(post.log).toContain(`::add-mask::${TOKEN}`);
  });

  test("with run, after the last interval of the step", async () => {
    await behindBy("behind with run", 4);
    answers[DISPATCH] = { status: 204 };
    await stepOf("behind with run", { ...inputs, run: "true", "max-intervals": "3" }).main();
    expect(api.requests).toHaveLength(1);
  });

  test("with run and no-lock nothing is dispatched, since the next run would get the same interval", async () => {
    await behindBy("free", 3);
    answers[DISPATCH] = { status: 204 };
    const main = await stepOf("free", { ...inputs, run: "true", "no-lock": "true" }).main();
    expect(main.outputs).toMatchObject({ started: "true", behind: "2" });
    expect(api.requests).toEqual([]);
  });

  test("with run, a run that is cancelled while it finishes is finished, and dispatches nothing", async () => {
    let finishing = () => {};
    const other = await LocksRepository.serve({
      fault: ({ command }) => {
        if (command === "push" && ++pushes === 2) finishing();
        return undefined;
      },
    });
    let pushes = 0;
    try {
      await other.write("cancelled", finishedUntil("cancelled", Date.now() - 3.5 * HOUR));
      answers[DISPATCH] = { status: 204 };
      const own = { ...inputs, url: other.httpUrl, run: "true", "max-intervals": "3" };
      const step = stepOf("cancelled", own);
      finishing = () => step.process?.kill("SIGINT");
      const main = await step.main();
      expect([main.code, main.outputs["intervals-finished"]]).toEqual([0, "1"]);
      expect(api.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test("of a cancelled run, whose command had succeeded, post finishes and dispatches nothing", async () => {
    let away = true;
    const other = await LocksRepository.serve({
      fault: ({ command }) => (command === "push" && ++pushes > 1 && away ? { status: 401 } : undefined),
    });
    let pushes = 0;
    try {
      await other.write("succeeded", finishedUntil("succeeded", Date.now() - 3.5 * HOUR));
      answers[DISPATCH] = { status: 204 };
      const step = stepOf("succeeded", { ...inputs, url: other.httpUrl, run: "true" });
      expect((await step.main()).code).toBe(1);
      away = false;
      expect((await step.post("cancelled")).log.join("\n")).toContain("Finished: succeeded");
      expect(api.requests).toEqual([]);
      expect(annotations("warning", await step.post("success"))).toEqual([]);
    } finally {
      await other.close();
    }
  });

  const NOTHING: [string, number, Record<string, string>, string][] = [
    ["that leaves nothing due", 1, {}, "success"],
    ["of a run that failed", 2, {}, "failure"],
    ["without the input", 2, { "when-behind": "none" }, "success"],
  ];
  test.each(NOTHING)("an end %s dispatches nothing", async (name, hours, more, status) => {
    await behindBy(name, hours);
    const step = stepHere(name, { ...inputs, ...more });
    await step.main();
    expect((await step.post(status)).code).toBe(0);
    expect(api.requests).toEqual([]);
  });

  const WARNED: [string, ApiAnswer | undefined, Record<string, string>, string][] = [
    ["no permission", { status: 403 }, {}, '"permissions: actions: write"'],
    [
      "no trigger",
      { status: 422, body: { message: "Workflow does not have 'workflow_dispatch' trigger" } },
      {},
      '"on: workflow_dispatch"',
    ],
    ["a pull request", undefined, { GITHUB_REF: "refs/pull/1/merge" }, "on a branch or a tag only"],
    ["no workflow file", undefined, { GITHUB_WORKFLOW_REF: "" }, "names no workflow file"],
    ["no answer", { status: 503, headers: { "retry-after": "3600" } }, {}, "started a run: GitHub's API answered 503"],
  ];
  test.each(WARNED)("%s: a warning with the remedy, and the interval is finished", async (name, answer, env, says) => {
    await behindBy(name, 2);
    if (answer !== undefined) answers[DISPATCH] = answer;
    const step = stepHere(name, inputs, env);
    await step.main();
    const post = await step.post("success");
    expect(post.code).toBe(0);
    expect(annotations("warning", post)).toEqual([expect.stringContaining(says)]);
    expect(post.log.join("\n")).not.toContain("the input url");
    expect((await repository.state(name))?.active).toBeNull();
  });
});

describe("wait", () => {
  test("a start waits until the lock is free", async () => {
    const first = stepOf("waited");
    await first.main();
    const second = stepOf("waited", { wait: "1 minute", "job-interval": "1 second" });
    const waiting = second.main();
    // The refusal has been read once the state is fetched a second time.
    await first.post("failure");
    const main = await waiting;
    expect(main.outputs).toMatchObject({ started: "true" });
  });

  test("an end of the wait leaves the refusal, and no lock", async () => {
    await held("busy", without("serverUrl"));
    const main = await stepOf("busy", { wait: "2 seconds" }).main();
    expect(main.code).toBe(0);
    expect(main.outputs).toMatchObject({ started: "false", reason: "active" });
    expect(main.log.filter((line) => line.startsWith("Waiting (active)"))).toHaveLength(1);
  });

  test("SIGINT ends the wait at once, holding nothing", async () => {
    await held("cancelled", HOLDER);
    const step = stepOf("cancelled", { wait: "1 hour" });
    onRequest = () => setImmediate(() => step.process?.kill("SIGINT"));
    expect((await step.main()).code).toBeNull();
    expect((await step.post("cancelled")).code).toBe(0);
    expect((await repository.state("cancelled"))?.active?.holder).toEqual(HOLDER);
  });
});
