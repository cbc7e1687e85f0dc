// Plays the main uses of the action with the committed dist/, Node and git: `npm run demo`. Nothing has to be installed.
// It exits with 1 if any check fails.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runOf, Step } from "../testing/action/runner.mjs";
import { serveGit } from "../testing/git/git-server.mjs";
import { EVENTS, playSchedule } from "./schedule-story.mjs";

const TOKEN = "demo-token";
/** In milliseconds. */
const HOUR = 3_600_000;

const folder = mkdtempSync(path.join(tmpdir(), "cronyx-demo-"));
execFileSync("git", ["init", "--quiet", "--bare", path.join(folder, "reports.git")]);
/** The server's clock in milliseconds since the Unix epoch, where a chapter sets it. @type {number | undefined} */
let clock;
const server = await serveGit({ root: folder, token: TOKEN, now: () => clock ?? Date.now() });

let failures = 0;
try {
  await play();
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
print(
  failures === 0
    ? "\nEvery interval ran once, in order, or was left out on purpose. The lock is a ref of the repository: no server, no secret."
    : `\n${failures} checks failed.`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function play() {
  print(`Below, each run is dist/action/main.js and dist/action/post.js, run as GitHub's runner runs
them. The locks are refs of a bare repository that git serves at ${server.url("reports.git")}`);
  await playNight();
  await playOneInterval();
  await playRace();
  await playFailure();
  await playCatchUp();
}

async function playNight() {
  chapter(
    "A night of an hourly schedule, by the clock of the git server: events are late, dropped and doubled, and a run fails",
  );
  const finished = [];
  const events = playSchedule({
    url: `git+${server.url("reports.git")}`,
    token: TOKEN,
    temporary: folder,
    setClock: (instant) => {
      clock = instant;
    },
  });
  /** @type {Record<string, string[]>} */
  const lines = Object.fromEntries(EVENTS.map(({ expected }) => [expected, []]));
  for await (const { expected, fired, intervals } of events) {
    const work = intervals.map(({ from, to, finished }) => `${from} to ${to}${finished ? "" : " fails"}`);
    lines[expected]?.push(`comes at ${fired}: ${work.join(", ") || "nothing is due"}`);
    finished.push(...intervals.filter(({ finished }) => finished).map(({ from }) => from));
  }
  clock = undefined;
  for (const [expected, came] of Object.entries(lines)) {
    for (const line of came.length > 0 ? came : ["never comes"]) print(`  the event of ${expected} ${line}`);
  }
  check(finished.join() === "00:00,01:00,02:00,03:00,04:00,05:00", "each hour ran to its end exactly once, in order");
}

async function playOneInterval() {
  chapter("A run starts, works and finishes");
  const hourly = runsOf("hourly-report", { "job-interval": "1 hour" });
  const first = hourly("run 1");
  const firstStart = await start(first);
  check(firstStart.outputs.started === "true", "the first run gets the hour up to now");
  await end(first, "success");

  chapter("The next run asks for the same interval");
  const again = await start(hourly("run 2"));
  check(again.outputs.reason === "not-due", "it is done: the next one is due in an hour");
  check(
    again.outputs["due-at"] === later(firstStart.outputs["job-interval-ended-at"], HOUR),
    "and the output due-at has that instant",
  );
}

async function playRace() {
  chapter("Two runners race for one interval");
  const sync = runsOf("sync-orders", { "job-interval": "1 hour" });
  const racers = [sync("run 3"), sync("run 4")];
  const race = await Promise.all(racers.map(start));
  const won = race.findIndex(({ outputs }) => outputs.started === "true");
  const [winner, lost] = [racers[won], race[1 - won]];
  check(winner !== undefined && lost?.outputs.reason === "active", "one gets it, the other doesn't");
  check(
    lost?.log.some((line) => line.includes(winner?.env.GITHUB_RUN_ID ?? "none")) ?? false,
    "the log of the other names the holder",
  );
  if (winner !== undefined) await end(winner, "success");
}

async function playFailure() {
  chapter("The very first run of a job fails");
  const nightly = runsOf("nightly-backup", { "job-interval": "0 3 * * *" });
  const failing = nightly("run 5");
  const failed = await start(failing);
  await end(failing, "failure");
  const retry = nightly("run 6");
  const retried = await start(retry);
  check(retried.outputs.started === "true" && intervalOf(retried) === intervalOf(failed), "its interval comes again");
  await end(retry, "success");
}

async function playCatchUp() {
  const begin = new Date(Date.now() - 3.5 * HOUR).toISOString();
  const at = (/** @type {number} */ hours) => later(begin, hours * HOUR);
  const hours = (/** @type {number} */ from, /** @type {number} */ until) => `${at(from)} ${at(until)}`;
  /** @param {string} catchUp */
  const behind = (catchUp) =>
    runsOf(`three-hours-behind-${catchUp}`, { "job-interval": "1 hour", "starts-at": begin, "catch-up": catchUp });

  chapter("A job is three intervals behind. catch-up: each");
  const each = behind("each");
  for (const [hour, name] of ["run 7", "run 8", "run 9"].entries()) {
    const run = each(name);
    const granted = await start(run);
    check(intervalOf(granted) === hours(hour, hour + 1), "one interval a run, oldest first: no gap, no overlap");
    check(granted.outputs.behind === String(2 - hour), `the output behind counts down: ${2 - hour}`);
    await end(run, "success");
  }

  chapter("The same with catch-up: merge");
  const merging = behind("merge")("run 10");
  const merged = await start(merging);
  check(intervalOf(merged) === hours(0, 3), "one long interval");
  await end(merging, "success");

  chapter("The same with catch-up: latest");
  const latest = behind("latest")("run 11");
  const newest = await start(latest);
  check(intervalOf(newest) === hours(2, 3), "only the newest interval");
  check(
    `${newest.outputs["skipped-started-at"]} ${newest.outputs["skipped-ended-at"]}` === hours(0, 2),
    "the outputs have the span that is left out",
  );
  await end(latest, "success");
}

/** @typedef {Step & { name: string }} Run */

/** @param {string} jobName @param {Record<string, string>} jobInputs */
function runsOf(jobName, jobInputs) {
  const inputs = { url: `git+${server.url("reports.git")}`, token: TOKEN, "job-name": jobName, ...jobInputs };
  const dist = path.join(import.meta.dirname, "..", "dist");
  /** @param {string} name @returns {Run} */
  return (name) =>
    Object.assign(new Step({ dist, temporary: folder, inputs, env: runOf("sync", name.replace(/\D/g, "")) }), { name });
}

/** @param {Run} run */
async function start(run) {
  const result = await run.main();
  printLog(run, result.log);
  return result;
}

/** @param {Run} run @param {string} jobStatus */
async function end(run, jobStatus) {
  const { code, log } = await run.post(jobStatus);
  printLog(run, log);
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

/** @param {string} title */
function chapter(title) {
  print(`\n${title}`);
}

/** @param {Run} run @param {string[]} log */
function printLog(run, log) {
  for (const line of log) if (!line.startsWith("::add-mask::")) print(`  ${run.name}  ${line}`);
}

/** @param {boolean} holds @param {string} claim */
function check(holds, claim) {
  print(`  ${holds ? "✓" : "✗ NOT SO:"} ${claim}`);
  if (!holds) failures++;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}
