import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, toIso } from "../../src/scheduler/instant.ts";
import type { JobState, RecordedSchedule } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, Step } from "../../testing/action/runner.mjs";
import { annotations } from "../../testing/action/step-results.ts";
import { serveGitHubApi } from "../../testing/servers/github-api.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { run as endedRun } from "../../testing/states/states-by-instant.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const DIST = path.resolve(import.meta.dirname, "../../dist");
const NOW = Date.now();
const HOURLY: RecordedSchedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] };

let folder: string;
let repository: LocksRepository;
let server: RunningServer;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
  // As with "permissions: contents: read": GitHub answers a push with 403.
  const fault = ({ service }: { service: string }) => (service === "git-receive-pack" ? { status: 403 } : undefined);
  repository = await LocksRepository.serve({ fault });
  server = await runServer({ now: Date.now });
  for (const job of JOBS) {
    await repository.write(job.name, job);
    await server.store.swap(null, job, deadlineIn(1000));
  }
});
afterAll(async () => {
  await repository.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const JOBS: readonly JobState[] = [
  { ...finishedUntil("fine", NOW), schedule: HOURLY, history: [endedRun(NOW)] },
  { ...finishedUntil("late", NOW - 3.5 * HOUR), schedule: HOURLY },
  { ...finishedUntil("failed", NOW), history: [endedRun(NOW, { outcome: "taken-over" })] },
  heldSince("stuck", NOW - 5 * HOUR),
];

describe.each(["git+http:", "git+file:", "our own server"])("on %s", (kind) => {
  const url = () => ({ "git+http:": repository.httpUrl, "git+file:": repository.fileUrl })[kind] ?? server.url;
  const played = async (inputs: Record<string, string>, env: Record<string, string> = {}) => {
    const options = { dist: DIST, temporary: folder, inputs: { url: url(), ...inputs } };
    const step = new Step({ ...options, env: { ...runOf("watch"), ...env } });
    const result = await step.main("status");
    return { ...result, summary: readFileSync(path.join(step.folder, "status-STEP_SUMMARY"), "utf8") };
  };

  test("the states of all jobs are shown, and the jobs stay as they are", async () => {
    const refs = await repository.refs();
    const { code, outputs, log, summary, state } = await played({ "fail-when": "held: 6 hours" });
    expect(log.filter((line) => /^::(error|warning|notice)/.test(line))).toEqual([]);
    expect([code, state]).toEqual([0, {}]);
    const jobs: { name: string; state: string; lock: unknown; runs: unknown[] }[] = JSON.parse(outputs.jobs ?? "");
    expect(jobs.map((job) => [job.name, job.state])).toEqual([
      ["failed", "failing"],
      ["late", "overdue"],
      ["stuck", "running"],
      ["fine", "free"],
    ]);
    expect(jobs[2]?.lock).toMatchObject({ holder: OTHER_RUN, since: toIso(NOW - 5 * HOUR) });
    expect(jobs[0]?.runs).toMatchObject([{ outcome: "taken-over", intervalEndedAt: toIso(NOW) }]);
    expect(outputs).toMatchObject({ overdue: '["late"]', failing: '["failed"]', behind: '["late"]', disabled: "" });
    expect(log).toContainEqual(
      expect.stringMatching(/^late: overdue, not held, .*2 h 3\d min late, 2 intervals behind$/),
    );
    expect(summary).toContain("| <code>late</code> | **overdue** |");
    expect(await repository.refs()).toEqual(refs);
  });

  test("the step fails with one error that names the jobs and the rules", async () => {
    const main = await played({ "fail-when": "overdue\nfailing\nheld: 5 hours" });
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([
      'fail-when: overdue: "late"; fail-when: failing: "failed"; fail-when: held: 5 hours: "stuck"',
    ]);
    expect(main.outputs["held-too-long"]).toBe('["stuck"]');
  });

  test("only the named jobs count, and one that does not exist is an error", async () => {
    const fine = await played({ "job-names": "fine, stuck", "fail-when": "overdue, failing" });
    expect([fine.code, JSON.parse(fine.outputs.jobs ?? "").length]).toEqual([0, 2]);
    const main = await played({ "job-names": "fine, fined" });
    expect([main.code, annotations("error", main)]).toEqual([
      1,
      ['job-names: no job of this name was ever started: "fined"'],
    ]);
  });

  test("a workflow that GitHub has disabled fails the step where fail-when says so", async () => {
    const workflows = [{ path: ".github/workflows/hourly.yml", state: "disabled_inactivity" }];
    const api = await serveGitHubApi(() => ({ status: 200, body: { total_count: 1, workflows } }));
    const main = await played({ "github-token": "ghs_1", "fail-when": "disabled" }, { GITHUB_API_URL: api.url });
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining('".github/workflows/hourly.yml"')]);
    expect(main.outputs.disabled).toBe('[".github/workflows/hourly.yml"]');
    expect(main.summary).toContain("hourly.yml");
    expect(api.requests.map(({ line }) => line)).toEqual([
      "GET /repos/octo-org/reports/actions/workflows?per_page=100&page=1",
    ]);
    await api.close();
  });
});

test("a repository is only read, as permissions: contents: read allows", () => {
  expect(repository.exchanges.length).toBeGreaterThan(0);
  expect(new Set(repository.exchanges.map(({ service }) => service))).toEqual(new Set(["git-upload-pack"]));
});

test("a damaged state document fails the step and shows its name, or the reason that it has none", async () => {
  const damaged = await LocksRepository.serve();
  await damaged.write("fine", JOBS[0] ?? {});
  await damaged.write("broken", { ...heldSince("broken", NOW), active: {} });
  const main = await damaged.step({}).main("status");
  expect([main.code, main.outputs.failing]).toEqual([1, '["broken"]']);
  expect(annotations("error", main)).toEqual(['The state document is damaged: "broken"']);
  await damaged.write("nameless", "no JSON");
  const nameless = await damaged.step({}).main("status");
  expect(annotations("error", nameless)).toEqual([
    expect.stringMatching(/damaged: "broken"; .*refs\/cronyx\/nameless/),
  ]);
  expect(JSON.parse(nameless.outputs.jobs ?? "")).toHaveLength(2);
  await damaged.close();
});
