import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { jobsJson } from "../../src/action/status-outputs.ts";
import { watchJobs } from "../../src/action/watch-jobs.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, toIso } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { whatComesNext } from "../../src/scheduler/what-comes-next.ts";
import { basicScheme } from "../../src/server/auth/basic-scheme.ts";
import type { InputTexts } from "../../testing/action/inputs.ts";
import { surroundingsOf, toolkitWith } from "../../testing/action/recording-toolkit.ts";
import { type ApiAnswer, serveGitHubApi } from "../../testing/servers/github-api.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { HOURLY, lock, NOON, run, state } from "../../testing/states/states-by-instant.ts";

const hoursAgo = (hours: number) => toIso(NOON - hours * HOUR);
const LATE = state("late", { finishedUntil: hoursAgo(3), schedule: HOURLY });
const FAILED = state("failed", {
  finishedUntil: hoursAgo(1),
  schedule: HOURLY,
  history: [run(NOON, { outcome: "interrupted" }), run(NOON - HOUR)],
});
const RUNNING = state("running", {
  finishedUntil: hoursAgo(26),
  schedule: { ...HOURLY, jobInterval: 24 * HOUR },
  active: lock(NOON - 2 * HOUR, 24 * HOUR, {
    holder: {
      repository: "octo-org/reports",
      runId: "7",
      job: "nightly",
      runUrl: "https://github.com/octo-org/reports/actions/runs/7/attempts/1",
    },
    idempotencyKey: "secret-key",
  }),
});
const FINE = state("fine", { finishedUntil: toIso(NOON), schedule: HOURLY, history: [run(NOON)] });
const BROKEN = { ...state("broken"), active: {} } as unknown as JobState;

let folder: string;
let server: RunningServer;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
});
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

const write = async (...states: JobState[]) => {
  for (const one of states) await server.store.swap(null, one, deadlineIn(1000));
};

/** Plays the step, whose wrong inputs an entry point reports. */
async function played(inputs: InputTexts = {}, env: Record<string, string> = {}) {
  const { toolkit, outputs, log, errors } = toolkitWith({ url: server.url, ...inputs });
  const summary = path.join(folder, `summary-${Math.random()}`);
  const debug: string[] = [];
  const own = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "octo-org/reports" };
  const surroundings = {
    ...surroundingsOf({ ...toolkit, debug: (line) => debug.push(line) }, 2000),
    env: { ...own, GITHUB_STEP_SUMMARY: summary, ...env },
    now: () => NOON,
  };
  const wrong = await watchJobs(surroundings).then(
    () => [],
    (error: unknown) => [actionMessage(error)],
  );
  const text = () => readFileSync(summary, "utf8");
  return { outputs, log, errors: [...errors, ...wrong], debug, summary: text };
}
const listed = (outputs: Record<string, string>) => JSON.parse(outputs.jobs ?? "") as Record<string, unknown>[];

describe("the outputs", () => {
  test("have all jobs, the most urgent first, and the names of the jobs in each condition", async () => {
    await write(FINE, RUNNING, LATE, FAILED);
    const { outputs, errors } = await played({ "fail-when": "held: 3 hours" });
    expect(errors).toEqual([]);
    expect(listed(outputs).map((job) => [job.name, job.state])).toEqual([
      ["failed", "failing"],
      ["late", "overdue"],
      ["running", "running"],
      ["fine", "free"],
    ]);
    expect(outputs).toMatchObject({
      overdue: '["late"]',
      failing: '["failed"]',
      behind: '["late"]',
      "held-too-long": "[]",
      disabled: "",
    });
  });

  test("have of each job its progress, what comes next, its lock and its last runs, and no secret", async () => {
    await write(RUNNING, FAILED);
    const { outputs } = await played();
    const [failed, running] = listed(outputs);
    expect(failed).toEqual({
      name: "failed",
      state: "failing",
      finishedUntil: hoursAgo(1),
      dueAt: toIso(NOON),
      behind: 0,
      overdue: false,
      failing: true,
      waitingFor: [],
      lock: null,
      runs: [
        {
          outcome: "interrupted",
          intervalStartedAt: hoursAgo(1),
          intervalEndedAt: toIso(NOON),
          endedAt: "2026-11-24T12:01:00.000Z",
        },
        {
          outcome: "finished",
          intervalStartedAt: hoursAgo(2),
          intervalEndedAt: hoursAgo(1),
          endedAt: "2026-11-24T11:01:00.000Z",
        },
      ],
    });
    expect(running?.lock).toEqual({
      holder: RUNNING.active?.holder,
      since: hoursAgo(2),
      updatedAt: hoursAgo(2),
      intervalStartedAt: hoursAgo(26),
      intervalEndedAt: hoursAgo(2),
    });
    expect(outputs.jobs).not.toContain("secret-key");
  });

  test("name the required jobs that a job waits for", async () => {
    const schedule = { ...HOURLY, requiredJobNames: ["orders"] };
    await write(state("report", { finishedUntil: hoursAgo(1), schedule }));
    expect(listed((await played()).outputs)).toMatchObject([{ state: "waiting", waitingFor: ["orders"] }]);
  });

  const many = async (count: number) => {
    const history = Array.from({ length: 20 }, (_, at) => run(NOON - at * HOUR));
    const next = await whatComesNext({ state: FINE, required: null, now: NOON });
    return Array.from({ length: count }, (_, at) => ({ state: state(`job-${at}`, { history }), next }));
  };

  test("have fewer runs of each job where there are very many, and say how many jobs have no room", async () => {
    const few = jobsJson({ jobs: await many(100), damaged: [] });
    expect(JSON.parse(few.json)[0].runs).toHaveLength(20);
    const more = jobsJson({ jobs: await many(500), damaged: [] });
    expect(more.left).toBe(0);
    expect(JSON.parse(more.json)).toHaveLength(500);
    expect(JSON.parse(more.json)[0].runs).toHaveLength(1);
    const most = jobsJson({ jobs: await many(10_000), damaged: ["broken"] });
    expect(JSON.parse(most.json)[0].name).toBe("broken");
    expect(JSON.parse(most.json).length + most.left).toBe(10_001);
    for (const { json } of [few, more, most]) expect(json.length).toBeLessThanOrEqual(400_000);
  });
});

describe("fail-when", () => {
  test("left out, the step succeeds whatever the jobs' states", async () => {
    await write(LATE, FAILED, RUNNING);
    expect((await played()).errors).toEqual([]);
  });

  test("the step fails with one error that names the rules and the jobs", async () => {
    await write(FINE, LATE, FAILED, RUNNING);
    const { errors, outputs } = await played({ "fail-when": "overdue, failing\nheld: 2 hours" });
    expect(errors).toEqual([
      'fail-when: overdue: "late"; fail-when: failing: "failed"; fail-when: held: 2 hours: "running"',
    ]);
    expect(outputs["held-too-long"]).toBe('["running"]');
  });

  test("a rule that no job meets does not fail the step", async () => {
    await write(FINE, RUNNING);
    expect((await played({ "fail-when": "overdue, failing, held: 121 minutes" })).errors).toEqual([]);
  });

  test("the error names at most 20 jobs of a rule", async () => {
    await write(...Array.from({ length: 23 }, (_, at) => ({ ...LATE, name: `late-${at}` })));
    const [error = ""] = (await played({ "fail-when": "overdue" })).errors;
    expect(error.match(/"late-\d+"/g)).toHaveLength(20);
    expect(error).toMatch(/ and 3 more$/);
  });

  test.each([
    [{ "fail-when": "late" }, 'fail-when "late" is not a rule that it takes: use overdue, failing, disabled, or held'],
    [{ "fail-when": "held: 7200" }, 'fail-when "held: 7200" has no unit: use a length with a unit'],
    [{ "job-names": "x".repeat(256) }, "job-names"],
    [{ summary: "maybe" }, 'summary "maybe" is not a boolean'],
    [{ deadline: "1 day" }, "1 second to 30 minutes"],
  ])("wrong inputs are refused: %j", async (inputs, says) => {
    const { errors, outputs } = await played(inputs);
    expect(errors).toEqual([expect.stringContaining(says)]);
    expect(outputs).toEqual({});
  });
});

describe("job-names", () => {
  test("only these jobs are looked at", async () => {
    await write(FINE, LATE, FAILED, BROKEN);
    const { outputs, errors } = await played({ "job-names": "fine\nlate, fine", "fail-when": "failing" });
    expect(errors).toEqual([]);
    expect(listed(outputs).map(({ name }) => name)).toEqual(["late", "fine"]);
  });

  test("a job that was never started fails the step, and the others are listed", async () => {
    await write(FINE);
    const { outputs, errors, summary } = await played({ "job-names": "fine, fin\u00e9, finer" });
    expect(errors).toEqual(['job-names: no job of this name was ever started: "fin\u00e9", "finer"']);
    expect(listed(outputs)).toMatchObject([{ name: "fine" }]);
    expect(summary()).toContain("\n| <code>finer</code> | **never started** |");
  });
});

describe("a damaged state document", () => {
  test.each([{}, { "job-names": "broken, fine" }])("fails the step, and its name is shown: %j", async (inputs) => {
    await write(FINE, BROKEN);
    const { outputs, errors, log, summary } = await played(inputs);
    expect(errors).toEqual(['The state document is damaged: "broken"']);
    expect(listed(outputs)).toMatchObject([{ name: "broken", state: "damaged", failing: true }, { name: "fine" }]);
    expect(outputs.failing).toBe('["broken"]');
    expect(log[0]).toContain("broken: its state document is damaged");
    expect(summary()).toContain("| <code>broken</code> | **damaged** |");
  });
});

describe("the log and the summary", () => {
  test("have one line for each job", async () => {
    await write(FINE, RUNNING, LATE);
    const { log, summary } = await played();
    expect(log).toEqual([
      `late: overdue, not held, finished until ${hoursAgo(3)}, next due since ${hoursAgo(2)}, 2 h late, 2 intervals behind`,
      expect.stringMatching(/^running: held by octo-org\/reports, run 7, job nightly /),
      `fine: not held, finished until ${toIso(NOON)}, next due ${toIso(NOON + HOUR)}`,
    ]);
    expect(summary().split("\n")).toEqual([
      "| job | state | finished until (UTC) | next due (UTC) | late | intervals behind | held by | last runs |",
      "| --- | --- | --- | --- | --- | ---: | --- | --- |",
      "| <code>late</code> | **overdue** | 2026-11-24 09:00 | 2026-11-24 10:00 | 2 h | 2 |  |  |",
      "| <code>running</code> | running | 2026-11-23 10:00 | 2026-11-24 10:00 | 2 h | 0 | [<code>octo-org&#47;reports, run 7, job nightly</code>](https://github.com/octo-org/reports/actions/runs/7/attempts/1) since 2026-11-24 10:00 |  |",
      "| <code>fine</code> | free | 2026-11-24 12:00 | 2026-11-24 13:00 |  | 0 |  | 1 finished |",
      "",
      "",
    ]);
  });

  test("have a sentence where no job was started", async () => {
    const { log, summary, outputs } = await played();
    expect(log).toEqual(["No job has been started there"]);
    expect(summary()).toBe("No job has been started.\n\n");
    expect(outputs.jobs).toBe("[]");
  });

  test("give no character of a name a meaning", async () => {
    await write(state("::error::<b>|`*\n"));
    const { log, summary } = await played();
    expect(log[0]).toMatch(/^\\u\{3a\}:error::<b>\|`\*\\u\{a\}: not held/);
    expect(summary()).toContain("| <code>&#92;u&#123;3a&#125;&#58;error&#58;&#58;&#60;b&#62;&#124;&#96;&#42;");
  });

  test("the summary has at most 20 KB, and says how many jobs it leaves out", async () => {
    await write(...Array.from({ length: 300 }, (_, at) => ({ ...LATE, name: `late-${at}` })));
    const text = (await played()).summary();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
    const rows = text.split("\n").filter((line) => line.startsWith("| <code>")).length;
    expect(text).toContain(`The table leaves out ${300 - rows} jobs.`);
  });

  test("summary: false writes none", async () => {
    const { summary } = await played({ summary: "false" });
    expect(summary).toThrow("ENOENT");
  });
});

describe("workflows that GitHub has disabled", () => {
  const workflow = (name: string, workflowState = "active") => ({
    path: `.github/workflows/${name}.yml`,
    state: workflowState,
  });
  const pageOf = (...workflows: object[]): ApiAnswer => ({
    status: 200,
    body: { total_count: workflows.length, workflows },
  });
  const PAGE = (page: number) => `GET /repos/octo-org/reports/actions/workflows?per_page=100&page=${page}`;
  let api: Awaited<ReturnType<typeof serveGitHubApi>>;
  let answers: Record<string, ApiAnswer>;
  beforeEach(async () => {
    answers = {};
    api = await serveGitHubApi(({ line }) => answers[line]);
  });
  afterEach(() => api.close());
  const asking = (inputs: InputTexts = {}) =>
    played({ "github-token": "ghs_1", ...inputs }, { GITHUB_API_URL: api.url });

  test("are in the table and the output, and fail the step only by fail-when: disabled", async () => {
    answers[PAGE(1)] = pageOf(
      workflow("ci"),
      workflow("hourly", "disabled_inactivity"),
      workflow("old", "disabled_manually"),
    );
    const quiet = await asking();
    expect(quiet.errors).toEqual([]);
    expect(quiet.outputs.disabled).toBe('[".github/workflows/hourly.yml"]');
    expect(quiet.summary()).toContain(
      "**GitHub has disabled workflows of this repository for inactivity**, so their schedules start nothing: <code>.github&#47;workflows&#47;hourly.yml</code>\n",
    );
    const failed = await asking({ "fail-when": "disabled" });
    expect(failed.errors).toEqual([
      expect.stringMatching(
        /^fail-when: disabled: GitHub has disabled "\.github\/workflows\/hourly\.yml" for inactivity/,
      ),
    ]);
    expect(api.requests[0]?.authorization).toBe("Bearer ghs_1");
  });

  test("are listed from all pages", async () => {
    answers[PAGE(1)] = pageOf(...Array.from({ length: 100 }, (_, at) => workflow(`w${at}`)));
    answers[PAGE(2)] = pageOf(workflow("last", "disabled_inactivity"));
    expect((await asking()).outputs.disabled).toBe('[".github/workflows/last.yml"]');
    expect(api.requests.map(({ line }) => line)).toEqual([PAGE(1), PAGE(2)]);
  });

  test("none disabled: the step succeeds", async () => {
    answers[PAGE(1)] = pageOf(workflow("ci"));
    const { errors, outputs, log } = await asking({ "fail-when": "disabled" });
    expect([errors, outputs.disabled, log]).toEqual([[], "[]", ["No job has been started there"]]);
  });

  test.each<[string, ApiAnswer | undefined]>([
    ["403", { status: 403 }],
    ["404", undefined],
    ["answered 200", { status: 200, body: { workflows: "none" } }],
    ["answered 410 Gone", { status: 410, body: { message: "Gone" } }],
  ])("unknown (%s): a warning if disabled is asked for, and silence otherwise", async (says, answer) => {
    if (answer !== undefined) answers[PAGE(1)] = answer;
    const quiet = await asking({ "fail-when": "overdue" });
    expect([quiet.errors, quiet.log, quiet.outputs.disabled]).toEqual([[], ["No job has been started there"], ""]);
    expect(quiet.debug).toContainEqual(expect.stringContaining(says));
    const warned = await asking({ "fail-when": "disabled" });
    expect(warned.errors).toEqual([]);
    expect(warned.log.at(-1)).toMatch(
      /^::warning::It is not known whether GitHub has disabled workflows of this repository: /,
    );
    expect(warned.log.at(-1)).toContain(says);
  });

  test("without a token GitHub is not asked", async () => {
    const { log } = await asking({ "github-token": "", "fail-when": "disabled" });
    expect(log.at(-1)).toContain("the input github-token is empty");
    expect(api.requests).toEqual([]);
  });
});

describe("a place that shows no jobs", () => {
  test("an original server is refused with a sentence", async () => {
    const original = await new OriginalServer().listen();
    for (const inputs of [{}, { "job-names": "report" }]) {
      const { errors, outputs } = await played({ url: original.url, ...inputs });
      expect(errors).toEqual([
        expect.stringMatching(
          /does not show its jobs, being an original CronyxServer \(404\): use this project's server, which shows its jobs, or keep the locks in a repository$/,
        ),
      ]);
      expect(outputs).toEqual({});
    }
    await original.close();
  });

  test("a refused login is an error", async () => {
    const guarded = await runServer({ schemes: [basicScheme("octo", "password")] });
    const { errors } = await played({ url: guarded.url });
    expect(errors).toEqual([expect.stringContaining("set the inputs username and password, or oidc-audience")]);
    await guarded.close();
  });
});
