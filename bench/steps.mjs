// What a step costs beside an empty Node script: time, requests, processes, bytes. Each step is run right after the
// empty script and compared with that very run, so that a busy machine changes the ratios less than it does the times.
import { execFileSync, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runOf, Step } from "../testing/action/runner.mjs";
import { git, makeRepository, setBack } from "./repositories.mjs";
import { shown, spread } from "./spread.mjs";

/** @typedef {import("../testing/action/runner.mjs").StepResult} StepResult */
/** @typedef {import("./spread.mjs").Spread} Spread */
/** @typedef {{ way: "http" | "file", repository: string, url: string }} Place Where jobs' locks are kept. */
/**
 * @typedef {object} Sample One run of a step.
 * @property {number} ms
 * @property {number} empty What the empty script took right before it.
 * @property {number} server The server's share: from each request's end to its answer's.
 * @property {number} requests
 * @property {number} bytes Of their bodies, both ways.
 * @property {number} processes How often git was run, where that is counted.
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
/** What the bundle's own part may come to, in empty scripts: older versions of Node load faster. */
const AIM = Number.parseInt(process.versions.node, 10) < 22 ? 1.9 : 2.2;
/** An hour's, as in the README; its minute is half an hour off, so that no interval ends while this runs. */
const JOB_INTERVAL = `${(new Date().getUTCMinutes() + 30) % 60} * * * *`;

const temporary = mkdtempSync(path.join(tmpdir(), "cronyx-bench-"));
const root = path.join(temporary, "repositories");
const emptyDist = path.join(temporary, "empty");
const countingPath = path.join(temporary, "counting");
const countFile = path.join(temporary, "count");
prepareFolders();

// Where it is set, more certificates are loaded, which takes longer than an empty script.
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
  const bundles = ["main", "post"].map((name) => ({ name, bytes: statSync(bundle(name)).size }));
  return { node: process.version, git: git(root, ["version"]), runs, aim: AIM, bundles, steps, growth };
}

/** Every kind of step. @param {Place} place */
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
    const first = stepOf(place, `${place.way}-${run}`, counting);
    await measure("main: a job's first start", () => first.main(), /^Started/);
    await measure("post: finishing that", () => first.post(), /^Finished/);
    const refused = stepOf(place, refusedJob, counting);
    await measure("main: not due", () => refused.main(), /is not due until/);
    await measure("post: nothing to end", () => refused.post(), /nothing to end/);
    const late = stepOf(place, lateJob, counting);
    await measure("main: one interval of many", () => late.main(), /^Started/);
    await measure("post: finishing that one", () => late.post(), /^Finished/);
  }
  // Counting takes time: the run that counts is no other's.
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

/** One step, in repositories of different sizes. @param {Place[]} places */
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

/** Runs the empty script, then a step. @param {() => Promise<StepResult>} act @param {RegExp} says What it has to print. */
async function measured(act, says) {
  const empty = await timed(() => new Step({ dist: emptyDist, temporary, inputs: {} }).main());
  await exchangesSoFar();
  writeFileSync(countFile, "");
  const { ms, result } = await timed(act);
  if (!result.log.some((line) => says.test(line))) throw new Error(`Not ${says}, but:\n${result.log.join("\n")}`);
  const exchanges = await exchangesSoFar();
  return {
    ms,
    empty: empty.ms,
    server: exchanges.reduce((sum, exchange) => sum + exchange.ms, 0),
    requests: exchanges.length,
    bytes: exchanges.reduce((sum, { sent, received }) => sum + sent + received, 0),
    processes: readFileSync(countFile, "utf8").length,
  };
}

/** @param {() => Promise<StepResult>} act */
async function timed(act) {
  const start = performance.now();
  const result = await act();
  return { ms: performance.now() - start, result };
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

/** A job that a year of intervals waits for. @param {Place} place */
async function lateJobAt(place) {
  const job = `${place.way}-late-${randomUUID()}`;
  await startAndFinish(place, job);
  setBack(place.repository, job);
  return job;
}

/** @param {Place} place @param {string} job */
function stepOf({ url }, job, counting = false) {
  const PATH = `${countingPath}${path.delimiter}${process.env.PATH}`;
  return new Step({
    dist: options.dist,
    temporary,
    inputs: { url, token: TOKEN, "job-name": job, "job-interval": JOB_INTERVAL },
    env: { ...runOf("report"), ...(counting ? { PATH } : {}) },
  });
}

function prepareFolders() {
  for (const folder of [root, path.join(emptyDist, "main"), countingPath]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(emptyDist, "main", "index.js"), "");
  writeFileSync(path.join(emptyDist, "main", "package.json"), '{ "type": "module" }');
  const realGit = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const counter = `#!/bin/sh\nprintf x >>'${countFile}'\nexec '${realGit}' "$@"\n`;
  writeFileSync(path.join(countingPath, "git"), counter, { mode: 0o755 });
}

/** @param {string} name */
function bundle(name) {
  return path.join(options.dist, name, "index.js");
}

/** Times in empty scripts: the whole, the server's share, and what is left, which is the bundle's own. @param {Sample[]} samples */
function ratios(samples) {
  return {
    whole: spread(samples.map(({ ms, empty }) => ms / empty)),
    server: spread(samples.map(({ server, empty }) => server / empty)),
    own: spread(samples.map(({ ms, server, empty }) => (ms - server) / empty)),
  };
}

/** @param {Awaited<ReturnType<typeof measureAll>>} report */
function printed({ node, git, runs, aim, bundles, steps, growth }) {
  /** @param {Spread} spread */
  const ratio = (spread) => shown(spread).padEnd(18);
  const kilobytes = (bytes = 0) => `${(bytes / 1000).toFixed(1)} KB`;
  /** @param {"http" | "file"} way */
  const stepsBy = (way) => steps.filter((step) => step.way === way);
  return [
    `Node ${node.slice(1)}, ${git}. Times in empty Node scripts (one takes ${steps[0]?.emptyMs.median.toFixed(0)} ms): the median of ${runs} runs (least–most).`,
    ...bundles.map(({ name, bytes }) => `dist/${name}/index.js: ${kilobytes(bytes)} (aim: 150)`),
    "",
    `git+http:, on loopback        whole              server's share     own (aim: ${aim})     requests, bytes`,
    ...stepsBy("http").map(
      ({ name, whole, server, own, requests, bytes }) =>
        `  ${name.padEnd(27)} ${ratio(whole)} ${ratio(server)} ${ratio(own)} ${requests}, ${kilobytes(bytes)}`,
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
