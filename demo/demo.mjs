// Plays the action's main job with the committed dist/, Node and git, and nothing to install: `npm run demo`.
// It exits with 1 if any part of the story goes otherwise than it is told.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runOf, Step } from "../testing/action/runner.mjs";
import { serveGit } from "../testing/git/git-server.mjs";

const TOKEN = "demo-token";
const SECOND = 1000;

const folder = mkdtempSync(path.join(tmpdir(), "cronyx-demo-"));
execFileSync("git", ["init", "--quiet", "--bare", path.join(folder, "reports.git")]);
const server = await serveGit({ root: folder, token: TOKEN });

let failures = 0;
try {
  await play();
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
print(
  failures === 0
    ? "\nEvery interval was run once, in order. The lock is a ref of the repository: no server, no secret."
    : `\n${failures} parts of this story went otherwise.`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function play() {
  print(`Below, each run is dist/action/main.js and dist/action/post.js, run as GitHub's runner runs
them. The locks are refs of a bare repository that git http-backend serves at ${server.url("reports.git")}`);

  chapter("A run starts, works and finishes");
  const hourly = runsOf("hourly-report", "1 hour");
  const first = hourly("run 1");
  const firstStart = await start(first);
  check(firstStart.outputs.started === "true", "the first run gets the hour up to now");
  await end(first, "success");

  chapter("The same interval is asked for again");
  const again = await start(hourly("run 2"));
  check(again.outputs.reason === "not-due", "it is done: the next one is due in an hour");
  check(
    again.outputs["due-at"] === later(firstStart.outputs["job-interval-ended-at"], 3600 * SECOND),
    "and that is what due-at says",
  );

  chapter("Two runners race for the next interval");
  const everySecond = runsOf("sync-orders", "1 second");
  const opening = everySecond("run 3");
  const opened = await start(opening);
  await end(opening, "success");
  await until(opened.outputs["job-interval-ended-at"], SECOND);
  const racers = [everySecond("run 4"), everySecond("run 5")];
  const race = await Promise.all(racers.map(start));
  const won = race.findIndex(({ outputs }) => outputs.started === "true");
  const [winner, won1] = [racers[won], race[won]];
  const lost = race[1 - won];
  check(winner !== undefined && lost?.outputs.reason === "active", "one gets it, the other doesn't");
  check(
    lost?.log.some((line) => line.includes(winner?.env.GITHUB_RUN_ID ?? "nobody")) ?? false,
    "the other is told who holds it",
  );
  check(
    won1?.outputs["job-interval-started-at"] === opened.outputs["job-interval-ended-at"],
    "the interval starts where the last one ended",
  );
  if (winner === undefined || won1 === undefined) return;
  await end(winner, "success");

  chapter("A run fails");
  await until(won1.outputs["job-interval-ended-at"], SECOND);
  const failing = everySecond("run 6");
  const failed = await start(failing);
  await end(failing, "failure");
  const retry = everySecond("run 7");
  const retried = await start(retry);
  check(retried.outputs.started === "true" && intervalOf(retried) === intervalOf(failed), "its interval comes again");
  await end(retry, "success");

  chapter("The job is two intervals behind, and catches up");
  await until(retried.outputs["job-interval-ended-at"], 2 * SECOND);
  let reached = retried.outputs["job-interval-ended-at"];
  for (const name of ["run 8", "run 9"]) {
    const run = everySecond(name);
    const { outputs } = await start(run);
    check(
      outputs.started === "true" && outputs["job-interval-started-at"] === reached,
      "oldest first, no gap, no overlap",
    );
    check(outputs["job-interval"] === String(SECOND), "one interval a run");
    reached = outputs["job-interval-ended-at"];
    await end(run, "success");
  }
}

/** @typedef {Step & { name: string }} Run */

/** @param {string} jobName @param {string} interval */
function runsOf(jobName, interval) {
  const inputs = {
    url: `git+${server.url("reports.git")}`,
    token: TOKEN,
    "job-name": jobName,
    "job-interval": interval,
  };
  const dist = path.join(import.meta.dirname, "..", "dist");
  /** @param {string} name @returns {Run} */
  return (name) =>
    Object.assign(new Step({ dist, temporary: folder, inputs, env: runOf("sync", name.replace(/\D/g, "")) }), { name });
}

/** @param {Run} run */
async function start(run) {
  const result = await run.main();
  tell(run, result.log);
  return result;
}

/** @param {Run} run @param {string} jobStatus */
async function end(run, jobStatus) {
  const { code, log } = await run.post(jobStatus);
  tell(run, log);
  check(code === 0, "its post step is green");
}

/** @param {import("../testing/action/runner.mjs").StepResult} result */
function intervalOf({ outputs }) {
  return `${outputs["job-interval-started-at"]} ${outputs["job-interval-ended-at"]}`;
}

/** @param {string | undefined} instant @param {number} ms */
function later(instant, ms) {
  return new Date(Date.parse(instant ?? "") + ms).toISOString();
}

/** @param {string | undefined} instant @param {number} ms */
async function until(instant, ms) {
  await new Promise((resolve) => setTimeout(resolve, Date.parse(later(instant, ms)) - Date.now() + 1));
}

/** @param {string} title */
function chapter(title) {
  print(`\n${title}`);
}

/** @param {Run} run @param {string[]} log */
function tell(run, log) {
  for (const line of log) if (!line.startsWith("::add-mask::")) print(`  ${run.name}  ${line}`);
}

/** @param {boolean} holds @param {string} what */
function check(holds, what) {
  print(`  ${holds ? "✓" : "✗ NOT SO:"} ${what}`);
  if (!holds) failures++;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}
