import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import { LocksRepository } from "../../../testing/action/locks-repository.ts";
import { runOf, type Step } from "../../../testing/action/runner.mjs";
import { type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { finishedUntil, heldSince } from "../../../testing/states/states-of-other-runs.ts";

let repository: LocksRepository;
let server: RunningServer;
beforeAll(async () => {
  repository = await LocksRepository.serve();
  server = await runServer();
});
afterAll(async () => {
  await repository.close();
  await server.close();
});

const summaryOf = (step: Step, entryPoint = "main") =>
  readFileSync(path.join(step.folder, `${entryPoint}-STEP_SUMMARY`), "utf8");

test.each(["git", "our own server"])("main and post each write theirs, on %s", async (kind) => {
  const url = kind === "git" ? repository.httpUrl : server.url;
  const step = repository.step({ url, "job-name": `plain on ${kind}`, timezone: "Asia/Tokyo" }, runOf("report", "42"));
  await step.main();
  expect(summaryOf(step).split("\n")).toEqual([
    expect.stringContaining("interval (<code>Asia&#47;Tokyo</code>)"),
    expect.any(String),
    expect.stringMatching(/^\| <code>plain on .*<\/code> \| 20.* – 20.* \| started \| \[<code>octo-org/),
    "",
    "",
  ]);
  await step.post("success");
  const post = summaryOf(step, "post");
  expect(post).toMatch(/\| finished \| .* \| 20\d\d-\d\d-\d\d \d\d:\d\d.* \| 0 \|$/m);
  expect(post).toMatch(/^ {2}finished :done, /m);
});

test("a refusal says why, the holder of the lock, and when a start may succeed", async () => {
  await repository.write("held", heldSince("held", Date.now() - HOUR));
  const step = repository.step({ "job-name": "held", "retry-interval": "1 day" });
  await step.main();
  expect(summaryOf(step)).toMatch(/\| not started \(active\) \| .*4711.* \| 20.* \|/);
  await step.post("success");
  expect(summaryOf(step, "post")).toBe("");
});

test("a step with a command writes one table, with a row for each interval", async () => {
  await repository.write("three", finishedUntil("three", Date.now() - 3.5 * HOUR));
  const step = repository.step({ "job-name": "three", run: "true", "max-intervals": "5" });
  await step.main();
  const text = summaryOf(step);
  expect(text.match(/\| finished \|/g)).toHaveLength(3);
  expect(text.match(/^ {2}finished :done/gm)).toHaveLength(3);
  expect(text.match(/^\| job /gm)).toHaveLength(1);
});

test("the end of a lock over several jobs has one too", async () => {
  const env = runOf("report", "42");
  const started = await repository.step({ "job-name": "across" }, env).main("start");
  const step = repository.step({ "job-name": "across", lock: started.outputs.lock ?? "", end: "interrupt" }, env);
  await step.main("end");
  expect(summaryOf(step, "end")).toMatch(/\| interrupted \|/);
  expect(summaryOf(step, "end")).toMatch(/^ {2}interrupted :crit, /m);
});

test("summary: false writes none, and another word is refused", async () => {
  const step = repository.step({ "job-name": "quiet", summary: "false" });
  await step.main();
  await step.post("success");
  expect([summaryOf(step), summaryOf(step, "post")]).toEqual(["", ""]);
  expect((await repository.step({ "job-name": "quiet", summary: "no" }).main()).code).toBe(1);
});
