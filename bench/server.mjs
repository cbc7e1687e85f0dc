// Measures the server and its database: the pairs of a start and a finish a second, and right before them the database's bare
// statements alone; the memory after 100,000 pairs; and the same load on 100,000 jobs. The load, the bare statements, the
// server and PostgreSQL are separate processes, which share the machine's processors.
import { execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../testing/databases/postgres-server.ts";
import { documentOf, openRegister } from "./databases.mjs";
import { shown, spread } from "./spread.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    pairs: { type: "string", default: "4000" },
    soak: { type: "string", default: "100000" },
    jobs: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
  },
});
const rounds = wholeNumber(options.rounds);
const pairs = wholeNumber(options.pairs);
const soak = wholeNumber(options.soak);
const manyJobs = wholeNumber(options.jobs);

const MOST_CONNECTIONS = 32;
/** So many that each job is due again when its turn comes, and runs some 20 times: see {@link FEW_JOBS}. */
const JOBS = 2_000;
/** Enough that each runs some 20 times: a state document remembers the ids of an hour, and grows with more runs. */
const FEW_JOBS = 1_000;
const GROWTH_CONNECTIONS = 10;
/** The least share at {@link MOST_CONNECTIONS} connections, and the least ratio and the most memory on each database. */
const AIM = { share: { SQLite: 0.9, PostgreSQL: 0.78 }, ratio: 0.87, megabytes: 150 };

const root = path.dirname(import.meta.dirname);
execFileSync(process.execPath, [path.join(root, "build/package.mjs")]);
const temporary = mkdtempSync(path.join(tmpdir(), "cronyx-bench-"));
const load = fork(path.join(import.meta.dirname, "load.mjs"));
const floor = fork(path.join(import.meta.dirname, "floor.mjs"));
const postgres = await startPostgres({ flushes: true });
try {
  const report = { node: process.version, processors: cpus().length, databases: await measureAll() };
  console.log(options.json ? JSON.stringify(report, null, 2) : printed(report));
} finally {
  load.disconnect();
  floor.disconnect();
  await postgres.stop();
  rmSync(temporary, { recursive: true, force: true });
}

async function measureAll() {
  await postgres.query("CREATE DATABASE cronyx");
  const databases = [];
  for (const { name, url } of [
    { name: /** @type {const} */ ("SQLite"), url: `sqlite:${path.join(temporary, "cronyx.db")}` },
    { name: /** @type {const} */ ("PostgreSQL"), url: postgres.url("cronyx") },
  ]) {
    databases.push({ name, ...(await measure(url)) });
  }
  return databases;
}

/** @param {string} url */
async function measure(url) {
  const server = await startServer(url);
  try {
    const idle = server.megabytes();
    await fillWith(url, "job-", JOBS);
    const ownJobs = { port: server.port, prefix: "job-", jobs: JOBS };
    // The first pairs are slower: Node compiles code, and the server opens connections.
    await ask(load, { ...ownJobs, connections: MOST_CONNECTIONS, pairs });
    const speeds = [];
    for (const connections of [1, MOST_CONNECTIONS]) speeds.push(await measureSpeed(url, ownJobs, connections));
    const growth = await measureGrowth(url, server.port);
    await ask(load, { ...ownJobs, connections: MOST_CONNECTIONS, pairs: soak });
    return { speeds, growth, memory: { idle, after: server.megabytes() } };
  } finally {
    await server.stop();
  }
}

/**
 * Measures the bare statements and the server in turns.
 *
 * @param {string} url @param {{ port: number, prefix: string, jobs: number }} jobs @param {number} connections
 */
async function measureSpeed(url, jobs, connections) {
  const count = connections === 1 ? Math.ceil(pairs / 4) : pairs;
  /** @type {number[]} */
  const floors = [];
  /** @type {number[]} */
  const servers = [];
  /** @type {{ start: number[], finish: number[] }} */
  const ms = { start: [], finish: [] };
  for (let round = 0; round < rounds; round++) {
    const bare = await ask(floor, { url, callers: connections, pairs: count, jobs: JOBS });
    floors.push(count / bare.seconds);
    const served = await ask(load, { ...jobs, connections, pairs: count });
    servers.push(count / served.seconds);
    ms.start.push(...served.ms.start);
    ms.finish.push(...served.ms.finish);
  }
  return {
    connections,
    floor: spread(floors),
    server: spread(servers),
    share: spread(servers.map((value, round) => value / (floors[round] ?? Number.NaN))),
    start: percentiles(ms.start),
    finish: percentiles(ms.finish),
  };
}

/** Puts the same load on a few jobs, then on many. @param {string} url @param {number} port */
async function measureGrowth(url, port) {
  await fillWith(url, "few-", FEW_JOBS);
  const few = await pairsOver(port, "few-", FEW_JOBS);
  await fillWith(url, "many-", manyJobs);
  const many = await pairsOver(port, "many-", manyJobs);
  return {
    few: spread(few),
    many: spread(many),
    ratio: spread(many.map((value, at) => value / (few[at] ?? Number.NaN))),
  };
}

/** @returns the pairs a second of each round. @param {number} port @param {string} prefix @param {number} jobs */
async function pairsOver(port, prefix, jobs) {
  const values = [];
  for (let round = 0; round < rounds; round++) {
    const { seconds } = await ask(load, { port, connections: GROWTH_CONNECTIONS, pairs, prefix, jobs });
    values.push(pairs / seconds);
  }
  return values;
}

/** Adds jobs that have finished twenty runs each. @param {string} url @param {string} prefix @param {number} jobs */
async function fillWith(url, prefix, jobs) {
  const register = await openRegister(url, "cronyx_job");
  for (let from = 0; from < jobs; from += 1_000) {
    const names = Array.from({ length: Math.min(1_000, jobs - from) }, (_, at) => `${prefix}${from + at}`);
    await register.fill(names.map((name) => ({ key: Buffer.from(name), version: name, state: documentOf(name) })));
  }
  await register.close();
}

/** Starts the compiled server as the container does. @param {string} url */
async function startServer(url) {
  const dockerfile = readFileSync(path.join(root, "Dockerfile"), "utf8");
  /** @type {string[]} */
  const [, ...args] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? "");
  const inFolder = args.map((arg) => arg.replace(/^\/app\//, ""));
  const server = spawn(process.execPath, [...inFolder, "serve"], {
    cwd: root,
    env: { ...process.env, SERVER_PORT: "0", JOB_STORE_URL: url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(server, "exit");
  const port = await new Promise((resolve, reject) => {
    let text = "";
    // All output is read: a full pipe would block the server.
    server.stdout.on("data", (chunk) => {
      if (text !== "listening") text += chunk;
      const [, found] = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(text) ?? [];
      if (found === undefined) return;
      text = "listening";
      resolve(Number(found));
    });
    exit.then(() => reject(new Error(`The server did not start:\n${text}`)));
  });
  return {
    port,
    /** The resident memory of the server now. */
    megabytes: () => Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.pid)], { encoding: "utf8" })) / 1_024,
    async stop() {
      server.kill("SIGTERM");
      await exit;
    },
  };
}

/** @param {import("node:child_process").ChildProcess} worker @param {object} message */
async function ask(worker, message) {
  worker.send(message);
  const over = new AbortController();
  const end = once(worker, "exit", { signal: over.signal }).then(
    () => Promise.reject(new Error("A process of the benchmark ended")),
    () => {},
  );
  const answer = once(worker, "message", { signal: over.signal });
  const result = (await Promise.race([answer, end]))?.[0];
  over.abort();
  return result;
}

/** @param {number[]} values */
function percentiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** @param {string} text */
function wholeNumber(text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${text} is no whole number of at least 1`);
}

/** @param {{ node: string, processors: number, databases: Awaited<ReturnType<typeof measureAll>> }} report */
function printed({ node, processors, databases }) {
  const perSecond = (/** @type {import("./spread.mjs").Spread} */ spread) => shown(spread, 0).padEnd(20);
  const time = (/** @type {{ p50: number, p99: number }} */ { p50, p99 }) =>
    `${p50.toFixed(2)}, ${p99.toFixed(2)}`.padEnd(14);
  return [
    `Node ${node.slice(1)}, ${processors} processors. Pairs of a start and a finish a second: the median of ${rounds} rounds (least–most).`,
    ...databases.flatMap(({ name, speeds, growth, memory }) => [
      "",
      `${name.padEnd(17)} server               statements alone     share (aim: ${AIM.share[name].toFixed(2)})   start p50, p99 finish p50, p99 ms`,
      ...speeds.map(
        ({ connections, server, floor, share, start, finish }) =>
          `  ${String(connections).padStart(2)} connection${connections === 1 ? " " : "s"}  ${perSecond(server)} ${perSecond(floor)} ${shown(share).padEnd(19)} ${time(start)} ${time(finish)}`,
      ),
      `  ${FEW_JOBS} jobs        ${perSecond(growth.few)} at ${GROWTH_CONNECTIONS} connections`,
      `  ${manyJobs} jobs      ${perSecond(growth.many)} times that of ${FEW_JOBS} jobs: ${shown(growth.ratio)} (aim: ${AIM.ratio})`,
      `  memory           ${memory.idle.toFixed(0)} MB idle, ${memory.after.toFixed(0)} MB after ${soak} more pairs (aim: ${AIM.megabytes})`,
    ]),
  ].join("\n");
}
