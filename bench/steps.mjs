// Measures a step of the action against an empty Node script: time, requests, processes, bytes. Each step runs right after
// the empty script and is compared with that run: a busy machine slows both, and changes their ratio less than their times.
import { execFileSync, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runOf, Step } from "../testing/action/runner.mjs";
import { git, makeRepository, setBack } from "./repositories.mjs";
import { shown, spread } from "./spread.mjs";

/** @typedef {import("../testing/action/runner.mjs").StepResult} StepResult */
/** @typedef {import("./spread.mjs").Spread} Spread */
/** @typedef {{ way: "http" | "file", repository: string, url: string }} Place A repository of locks. */
/**
 * @typedef {object} Sample One run of a step.
 * @property {number} ms
 * @property {number} empty The milliseconds of the empty script that ran right before it.
 * @property {number} first The milliseconds from the start of the process to the arrival of its first request; NaN
 *   without a request over HTTP.
 * @property {number} server The server's share, in milliseconds: from the end of each request to the end of its answer.
 * @property {number} requests
 * @property {number} bytes The bytes of the bodies of requests and answers.
 * @property {number} processes The number of git processes, in the run that counts them.
 */

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "15" },
    dist: { type: "string", default: path.join(import.meta.dirname, "..", "dist") },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(options.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is ${options.runs}: give how often to run each step`);

const TOKEN = "bench-token";
const WAYS = /** @type {const} */ (["http", "file"]);
const REFS = [1, 1_000, 10_000];
/** The most empty scripts that main's own part, and the time to its first request, may take. */
const AIM = { own: 2.2, first: 2 };
/** An hourly job, as in the README. Its minute is half an hour away, so that no interval ends during the benchmark. */
const JOB_INTERVAL = `${(new Date().getUTCMinutes() + 30) % 60} * * * *`;

const temporary = mkdtempSync(path.join(tmpdir(), "cronyx-bench-"));
const root = path.join(temporary, "repositories");
const emptyDist = path.join(temporary, "empty");
const bareDist = path.join(temporary, "bare");
const countingPath = path.join(temporary, "counting");
const countFile = path.join(temporary, "count");
prepareFolders();

// With NODE_EXTRA_CA_CERTS, Node loads more certificates at its start, which takes longer than an empty script.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
const server = fork(path.join(import.meta.dirname, "serve-git.mjs"), [root, TOKEN], { env });
try {
  const report = await measureAll();
  console.log(options.json ? JSON.stringify(report, null, 2) : printed(report));
} finally {
  server.disconnect();
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
}

async function measureAll() {
  const [served] = await once(server, "message");
  const repositories = REFS.map((refs) => path.join(root, String(refs)));
  for (const [at, repository] of repositories.entries()) makeRepository(repository, REFS[at] ?? 0);

  const steps = [];
  const growth = [];
  for (const way of WAYS) {
    const places = repositories.map((repository) => ({
      way,
      repository,
      url: `git+${way === "http" ? served + path.basename(repository) : pathToFileURL(repository)}`,
    }));
    if (places[0]) steps.push(...(await measureSteps(places[0])));
    growth.push(...(await measureGrowth(places)));
  }
  const { size } = statSync(path.join(options.dist, "action", "index.js"));
  return { node: process.version, git: git(root, ["version"]), runs, aim: AIM, bundleBytes: size, steps, growth };
}

/** Measures every kind of step. @param {Place} place */
async function measureSteps(place) {
  const refusedJob = `${place.way}-refused`;
  await startAndFinish(place, refusedJob);
  const lateJob = await lateJobAt(place);

  /** @type {Map<string, Sample[]>} */
  const samples = new Map();
  for (let run = 0; run <= runs; run++) {
    const counting = run === 0;
    /** @param {string} name @param {() => Promise<StepResult>} act @param {RegExp} says */
    const measure = async (name, act, says) => {
      samples.set(name, [...(samples.get(name) ?? []), await measured(act, says)]);
    };
    if (place.way === "http")
      await measure("three bare requests", () => stepOf(place, "", { dist: bareDist }).main(), /^Sent/);
    const first = stepOf(place, `${place.way}-${run}`, { counting });
    await measure("main: a job's first start", () => first.main(), /^Started/);
    await measure("post: finishing that", () => first.post(), /^Finished/);
    const refused = stepOf(place, refusedJob, { counting });
    await measure("main: not due", () => refused.main(), /^Not started \(not-due\)/);
    await measure("post: nothing to end", () => refused.post(), /nothing to end/);
    const late = stepOf(place, lateJob, { counting });
    await measure("main: one interval of many", () => late.main(), /^Started/);
    await measure("post: finishing that one", () => late.post(), /^Finished/);
  }
  // Counting takes time, so the times of the run that counts are left out.
  return [...samples].map(([name, [counted, ...timed]]) => ({
    way: place.way,
    name,
    requests: counted?.requests,
    processes: counted?.processes,
    bytes: counted?.bytes,
    emptyMs: spread(timed.map(({ empty }) => empty)),
    ...ratios(timed),
  }));
}

/** Measures one kind of step in repositories of different sizes. @param {Place[]} places */
async function measureGrowth(places) {
  /** @type {Sample[][]} */
  const samples = places.map(() => []);
  const jobs = [];
  for (const place of places) jobs.push(await lateJobAt(place));
  for (let run = 0; run < runs; run++) {
    for (const [at, place] of places.entries()) {
      const step = stepOf(place, jobs[at] ?? "");
      samples[at]?.push(await measured(() => step.main(), /^Started/));
      await step.post();
    }
  }
  return samples.map((all, at) => ({
    way: places[at]?.way,
    refs: REFS[at],
    bytes: spread(all.map(({ bytes }) => bytes)).median,
    againstOneRef: spread(all.map(({ ms }, run) => ms / (samples[0]?.[run]?.ms ?? Number.NaN))),
    ...ratios(all),
  }));
}

/** Runs the empty script, then a step. @param {() => Promise<StepResult>} act @param {RegExp} says A line that the step must log. */
async function measured(act, says) {
  const empty = await timed(() => new Step({ dist: emptyDist, temporary, inputs: {} }).main());
  await exchangesSoFar();
  writeFileSync(countFile, "");
  const { startedAt, ms, result } = await timed(act);
  if (!result.log.some((line) => says.test(line))) throw new Error(`Not ${says}, but:\n${result.log.join("\n")}`);
  const exchanges = await exchangesSoFar();
  return {
    ms,
    empty: empty.ms,
    first: (exchanges[0]?.arrivedAt ?? Number.NaN) - startedAt,
    server: exchanges.reduce((sum, exchange) => sum + exchange.ms, 0),
    requests: exchanges.length,
    bytes: exchanges.reduce((sum, { sent, received }) => sum + sent + received, 0),
    processes: readFileSync(countFile, "utf8").length,
  };
}

/** @param {() => Promise<StepResult>} act */
async function timed(act) {
  // The monotonic clock that the processes of a machine share. The wall clock may be set between two of their starts.
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const startedAt = now();
  const result = await act();
  return { startedAt, ms: now() - startedAt, result };
}

/** @returns {Promise<import("../testing/git/git-server.mjs").GitExchange[]>} */
async function exchangesSoFar() {
  server.send("exchanges");
  return (await once(server, "message"))[0];
}

/** @param {Place} place @param {string} job */
async function startAndFinish(place, job) {
  const step = stepOf(place, job);
  await measured(() => step.main(), /^Started/);
  await measured(() => step.post(), /^Finished/);
}

/** @param {Place} place @returns the name of a job with a year of intervals to catch up. */
async function lateJobAt(place) {
  const job = `${place.way}-late-${randomUUID()}`;
  await startAndFinish(place, job);
  setBack(place.repository, job);
  return job;
}

/**
 * @param {Place} place @param {string} job
 * @param {{ counting?: boolean, dist?: string }} [how] `counting`: git processes are counted.
 */
function stepOf({ url }, job, { counting = false, dist = options.dist } = {}) {
  const PATH = `${countingPath}${path.delimiter}${process.env.PATH}`;
  return new Step({
    dist: path.resolve(dist),
    temporary,
    inputs: { url, token: TOKEN, "job-name": job, "job-interval": JOB_INTERVAL },
    env: { ...runOf("report"), ...(counting ? { PATH } : {}) },
  });
}

function prepareFolders() {
  const [empty, bare] = [path.join(emptyDist, "action"), path.join(bareDist, "action")];
  for (const folder of [root, empty, bare, countingPath]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(empty, "main.js"), "");
  copyFileSync(path.join(import.meta.dirname, "bare-requests.cjs"), path.join(bare, "main.js"));
  for (const folder of [empty, bare]) writeFileSync(path.join(folder, "package.json"), '{ "type": "commonjs" }');
  const realGit = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const counter = `#!/bin/sh\nprintf x >>'${countFile}'\nexec '${realGit}' "$@"\n`;
  writeFileSync(path.join(countingPath, "git"), counter, { mode: 0o755 });
}

/** Times in empty scripts: the whole, the server's share, the rest (the bundle's own part). @param {Sample[]} samples */
function ratios(samples) {
  return {
    whole: spread(samples.map(({ ms, empty }) => ms / empty)),
    server: spread(samples.map(({ server, empty }) => server / empty)),
    own: spread(samples.map(({ ms, server, empty }) => (ms - server) / empty)),
    first: spread(samples.map(({ first, empty }) => first / empty)),
  };
}

/** @param {Awaited<ReturnType<typeof measureAll>>} report */
function printed({ node, git, runs, aim, bundleBytes, steps, growth }) {
  /** @param {Spread} spread */
  const ratio = (spread) => (Number.isNaN(spread.median) ? "" : shown(spread)).padEnd(18);
  const kilobytes = (bytes = 0) => `${(bytes / 1000).toFixed(1)} KB`;
  /** @param {"http" | "file"} way */
  const stepsBy = (way) => steps.filter((step) => step.way === way);
  return [
    `Node ${node.slice(1)}, ${git}. Times in empty Node scripts (one takes ${steps[0]?.emptyMs.median.toFixed(0)} ms): the median of ${runs} runs (least–most).`,
    `dist/action/index.js: ${kilobytes(bundleBytes)} (aim: 110)`,
    "",
    `git+http:, on loopback        whole              server's share     own (aim: ${aim.own})     to the 1st request (aim: ${aim.first})  requests, bytes`,
    ...stepsBy("http").map(
      ({ name, whole, server, own, first, requests, bytes }) =>
        `  ${name.padEnd(27)} ${ratio(whole)} ${ratio(server)} ${ratio(own)} ${ratio(first).padEnd(30)} ${requests}, ${kilobytes(bytes)}`,
    ),
    "",
    "git+file:                     whole              git processes",
    ...stepsBy("file").map(({ name, whole, processes }) => `  ${name.padEnd(27)} ${ratio(whole)} ${processes}`),
    "",
    "main: one interval of many    whole              against 1 ref      bytes",
    ...growth.map(
      ({ way, refs, whole, againstOneRef, bytes }) =>
        `  git+${way}:, ${String(refs).padStart(6)} refs      ${ratio(whole)} ${ratio(againstOneRef)} ${way === "http" ? kilobytes(bytes) : ""}`,
    ),
  ].join("\n");
}
