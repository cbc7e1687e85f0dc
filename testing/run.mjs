// Runs the tests: `node testing/run.mjs [system | programs] [PATTERN...]`. Without the first word it runs the fast tests, which
// start no other process. `npm cit` runs the fast tests and then the system tests.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** @typedef {"fast" | "system" | "programs"} Suite */

/**
 * Minutes. A loop may never end. A failed test that starts processes may leave a handle open, and Jest would then never exit.
 * The system tests take less than 3 minutes on an idle machine, and no test may depend on the machine's speed.
 */
const LONGEST_RUN = { fast: 10, system: 40, programs: 20 };
/** Bytes. The tests need up to 300 MB at a time, most of it for copies of PostgreSQL. */
const ENOUGH_MEMORY = 2 * 1024 ** 3;
/** As many as a runner has cores. */
const WORKERS = 2;
/** More than the cores of a runner: many of these tests wait. */
const SYSTEM_WORKERS = { installed: 3, packaged: 2 };

const root = path.dirname(import.meta.dirname);
const jest = path.join(path.dirname(createRequire(import.meta.url).resolve("jest/package.json")), "bin", "jest.js");
/** It outlives the run: the compiled tests, and how long each file took. */
const jestCache = path.join(root, "node_modules/.cache/jest");
/** npm puts the package `node` first on the path, so `process.execPath` may not be the Node that runs npm. */
const installedNode = process.env.npm_node_execpath ?? process.execPath;
const packagedNode = path.join(root, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");

const memory = folderInMemory();
const temporary = mkdtempSync(path.join(memory ?? tmpdir(), "cronyx-tests-"));
// PostgreSQL refuses to run as root. Tests that root runs start it as another user.
chmodSync(temporary, 0o755);
/** The servers of the system tests load the same modules again and again. Node 22 and newer keep the compiled code there. */
const compileCache = path.join(temporary, "compiled");

/** Aborted when the user stops the run. The folders of the tests are removed then too. */
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interrupted.abort());

const [first, ...others] = process.argv.slice(2);
const named = first === "system" || first === "programs" ? first : null;
const patterns = named === null ? process.argv.slice(2) : others;
try {
  process.exitCode = 0;
  for (const suite of suites()) {
    if (process.exitCode === 0 && !(await passes(suite))) process.exitCode = 1;
  }
} finally {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
}

/** @returns {Suite[]} */
function suites() {
  if (named !== null) return [named];
  // npm sets `npm_command` to the command that the user typed, and `npm cit` is short for `npm install-ci-test`.
  return process.env.npm_command === "install-ci-test" ? ["fast", "system"] : ["fast"];
}

/** @param {Suite} suite */
async function passes(suite) {
  const from = performance.now();
  const passed = await { fast: passesFast, system: passesSystem, programs: passesPrograms }[suite]();
  const tests = suite === "programs" ? "tests with programs" : `${suite} tests`;
  console.log(`The ${tests} ${passed ? "passed" : "failed"}: ${Math.round((performance.now() - from) / 1000)} s`);
  return passed;
}

function passesFast() {
  const node = runsTypeScript(installedNode) ? installedNode : packagedNode;
  return run({ node, projects: ["fast"], workers: WORKERS, minutes: LONGEST_RUN.fast });
}

function passesPrograms() {
  return run({ node: installedNode, projects: ["programs"], workers: WORKERS, minutes: LONGEST_RUN.programs });
}

/**
 * Runs as much as possible with the installed Node, which may be the oldest one that the library supports, and the rest at
 * the same time.
 */
async function passesSystem() {
  const { installed, packaged } = SYSTEM_WORKERS;
  const minutes = LONGEST_RUN.system;
  if (runsTypeScript(installedNode)) {
    const projects = ["system", "system-on-newer-node"];
    return run({ node: installedNode, projects, workers: installed + packaged, minutes });
  }
  const passed = await Promise.all([
    run({ node: installedNode, projects: ["system"], workers: installed, minutes }),
    run({ node: packagedNode, projects: ["system-on-newer-node"], workers: packaged, minutes }),
  ]);
  return passed.every(Boolean);
}

/**
 * The system tests make some 50,000 files, and on a disk that takes a tenth of their time.
 *
 * @returns a folder in memory; null if this machine has none, or not enough memory. Containers often have 64 MiB.
 */
function folderInMemory() {
  const folder = "/dev/shm";
  if (process.platform !== "linux" || !existsSync(folder)) return null;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > ENOUGH_MEMORY && canExecuteIn(folder) ? folder : null;
}

/** Some machines forbid programs in memory, and the tests write a few. @param {string} folder */
function canExecuteIn(folder) {
  const program = path.join(mkdtempSync(path.join(folder, "cronyx-tests-")), "program");
  try {
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    return spawnSync(program).status === 0;
  } finally {
    rmSync(path.dirname(program), { recursive: true, force: true });
  }
}

/** Whether a Node runs TypeScript: 22.18, 23.6 or newer. Such a Node has SQLite built in too. @param {string} node */
function runsTypeScript(node) {
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  const [major = 0, minor = 0] = stdout.slice(1).split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/**
 * @param {object} tests
 * @param {string} tests.node
 * @param {readonly string[]} tests.projects Those of jest.config.mjs.
 * @param {number} tests.workers
 * @param {number} tests.minutes The longest that the run may take.
 */
async function run({ node, projects, workers, minutes }) {
  const args = [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    `--import=${pathToFileURL(path.join(import.meta.dirname, "exit-at-once.mjs"))}`,
    jest,
    // The patterns come first: Jest would take a pattern after --selectProjects for another value of that option.
    ...patterns,
    `--cacheDirectory=${jestCache}`,
    `--maxWorkers=${workers}`,
    "--selectProjects",
    ...projects,
  ];
  if (patterns.length > 0) args.push("--passWithNoTests");
  const timeout = AbortSignal.timeout(minutes * 60_000);
  const signal = AbortSignal.any([timeout, interrupted.signal]);
  // Elsewhere the longer path would be too long for PostgreSQL's socket on macOS.
  const inMemory = memory === null ? {} : { TMPDIR: temporary };
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache, ...inMemory };
  const child = spawn(node, args, { cwd: root, env, stdio: "inherit", signal, killSignal: "SIGKILL" });
  try {
    const [exitCode] = await once(child, "exit");
    return exitCode === 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    if (timeout.aborted)
      console.error(`The tests did not end within ${minutes} minutes: one of them hangs, or left a handle open`);
    return false;
  }
}
