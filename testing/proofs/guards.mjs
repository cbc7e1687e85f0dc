// Removes one guard at a time from a copy of the sources, and runs the test that must fail without it:
// `node testing/proofs/guards.mjs [--verbose] [NAME]`. If all tests of a row still pass, no test shows that its guard is
// needed.
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { BACKEND_GUARDS } from "./backend-guards.mjs";
import { SCHEDULER_GUARDS } from "./scheduler-guards.mjs";

/** @typedef {import("./guard.mjs").Guard} Guard */
/** @typedef {{ ancestorTitles: string[], title: string, status: "passed" | "failed" | "pending" }} TestResult */

const AT_ONCE = 2;
/** Milliseconds. Without a guard a loop may never end. Then Jest gives no result, and the row counts as missed. */
const LONGEST_RUN = 120_000;
const COPIED = ["src", "testing", "__tests__", "jest.config.mjs", "package.json", "tsconfig.json"];

const root = path.resolve(import.meta.dirname, "../..");
const jest = path.join(path.dirname(createRequire(import.meta.url).resolve("jest/package.json")), "bin", "jest.js");
const verbose = process.argv.includes("--verbose");
const [named = ""] = process.argv.slice(2).filter((word) => word !== "--verbose");
const rows = [...SCHEDULER_GUARDS, ...BACKEND_GUARDS].filter(({ name }) => name.includes(named));

const waiting = [...rows];
/** @type {{ guard: Guard, problem: string | null, seconds: number }[]} */
const results = [];
await Promise.all(Array.from({ length: AT_ONCE }, work));
results.sort((a, b) => rows.indexOf(a.guard) - rows.indexOf(b.guard));
for (const { guard, problem, seconds } of results) {
  if (problem === null && !verbose) continue;
  const place = path.basename(guard.file).padEnd(22);
  console.log(
    `${problem === null ? "noticed" : "MISSED "} ${place} ${guard.name}: ${problem ?? guard.property} (${seconds} s)`,
  );
}
const missed = results.filter(({ problem }) => problem !== null);
console.log(`${results.length - missed.length} of ${results.length} removed guards were noticed`);
process.exitCode = missed.length > 0 || results.length === 0 ? 1 : 0;

/** Removes guards from one copy of the sources until no row is left. */
async function work() {
  const copy = await mkdtemp(path.join(tmpdir(), "guards-"));
  try {
    for (const name of COPIED) await cp(path.join(root, name), path.join(copy, name), { recursive: true });
    await symlink(path.join(root, "node_modules"), path.join(copy, "node_modules"));
    for (let guard = waiting.shift(); guard !== undefined; guard = waiting.shift()) {
      const from = performance.now();
      const problem = await problemOf(guard, copy);
      results.push({ guard, problem, seconds: Math.round((performance.now() - from) / 1000) });
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** @param {Guard} guard @param {string} copy @returns {Promise<string | null>} why the removal went unnoticed, or null. */
async function problemOf({ file, find, replace, test, property }, copy) {
  const source = await readFile(path.join(root, file), "utf8");
  const times = source.split(find).length - 1;
  if (times !== 1) return `${file} has the text ${times} times, not once`;
  const place = path.join(copy, file);
  await writeFile(
    place,
    source.replace(find, () => replace),
  );
  try {
    return await unnoticed({ test, property, copy });
  } finally {
    await writeFile(place, source);
  }
}

/** @param {Pick<Guard, "test" | "property"> & { copy: string }} options */
async function unnoticed({ test, property, copy }) {
  const output = path.join(copy, "results.json");
  await rm(output, { force: true });
  const pattern = property.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const args = [jest, test, "--runInBand", "--selectProjects=fast", `--testNamePattern=${pattern}`];
  args.push("--json", `--outputFile=${output}`);
  await new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: copy, timeout: LONGEST_RUN, killSignal: "SIGKILL", maxBuffer: 2 ** 26 },
      resolve,
    );
  });
  const text = await readFile(output, "utf8").catch(() => null);
  if (text === null) return "Jest gave no result";
  /** @type {{ numRuntimeErrorTestSuites: number, testResults: { assertionResults: TestResult[] }[] }} */
  const { numRuntimeErrorTestSuites, testResults } = JSON.parse(text);
  if (numRuntimeErrorTestSuites > 0) return "the tests cannot run with it";
  // Jest lists the failed hooks of other tests too.
  const named = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ ancestorTitles, title }) => [...ancestorTitles, title].join(" ").includes(property))
    .filter(({ status }) => status !== "pending");
  if (named.length === 0) return `no test of ${test} is named "${property}"`;
  return named.some(({ status }) => status === "failed") ? null : `the tests "${property}" pass without it`;
}
