// Runs each workflow of examples/ under act: `node testing/e2e/examples.ts SERVICES.json FOLDER [NAME...]`. SERVICES.json is what
// testing/e2e/services.ts prints, and FOLDER is the folder that it serves.
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { inParallel } from "../in-parallel.ts";
import { ActRun, ExamplePlace, type ExampleServices, makeProject, ROOT, run } from "./example-place.ts";
import { EXAMPLES, type ExampleRun } from "./example-runs.ts";

/** A run that takes longer hangs. In milliseconds. */
const LONGEST_RUN = 120_000;
/** Most of an example's time is that of the processor. */
const AT_ONCE = 2;

const [servicesFile = "", folder = "", ...names] = process.argv.slice(2);
const services: ExampleServices = JSON.parse(readFileSync(servicesFile, "utf8"));
const scratch = path.resolve(folder);
const action = await copyAction();
const programs = await installPrograms();
const started = performance.now();
const chosen = Object.entries(EXAMPLES).filter(([file]) => names.length === 0 || names.includes(file));
const failures = (await inParallel(chosen, AT_ONCE, ([file, runs]) => failureOf(file, runs))).filter(Boolean);
for (const failure of failures) console.error(failure);
console.log(`${chosen.length} examples: ${Math.round((performance.now() - started) / 1000)} s`);
process.exit(failures.length === 0 ? 0 : 1);

/** The files of the action that GitHub's runner needs. */
async function copyAction(): Promise<string> {
  const copy = path.join(scratch, "examples/action");
  mkdirSync(path.join(copy, "dist"), { recursive: true });
  for (const part of ["", "start", "end", "backfill", "status"]) {
    mkdirSync(path.join(copy, part), { recursive: true });
    await run("cp", [path.join(ROOT, part, "action.yml"), path.join(copy, part, "action.yml")], {});
  }
  await run("cp", ["-r", path.join(ROOT, "dist/action"), path.join(copy, "dist/action")], {});
  return copy;
}

/** @returns a folder for npm's global packages, with cronyx-action in it: npx runs that one. And a stand-in for gh. */
async function installPrograms(): Promise<string> {
  await run(process.execPath, [path.join(ROOT, "build/package.mjs")], {});
  const prefix = path.join(scratch, "examples/npm");
  mkdirSync(path.join(prefix, "bin"), { recursive: true });
  const bin = path.join(prefix, "bin/cronyx-action");
  symlinkSync(path.join(ROOT, "dist/package/cli/main.js"), bin);
  await run("chmod", ["+x", path.join(ROOT, "dist/package/cli/main.js")], {});
  symlinkSync(path.join(ROOT, "testing/e2e/gh.mjs"), path.join(prefix, "bin/gh"));
  return prefix;
}

/** @returns why the example did not do as it should, or null. */
async function failureOf(file: string, runs: (typeof EXAMPLES)[string]): Promise<string | null> {
  if ("notRun" in runs) {
    console.log(`${file}: not run, since ${runs.notRun}`);
    return null;
  }
  const place = await ExamplePlace.make(path.join(scratch, path.basename(file, ".yml")), services);
  const project = path.join(place.folder, "project");
  await makeProject(project, file, place.adapted(readFileSync(path.join(ROOT, "examples", file), "utf8")), action);
  try {
    for (const [at, one] of runs.entries()) {
      const from = performance.now();
      const failure = await failureOfRun(file, one, place, project);
      if (failure !== null) return `${file}, run ${at + 1}: ${failure}`;
      console.log(`${file}, run ${at + 1}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
    }
    return null;
  } catch (error) {
    return `${file}: ${error instanceof Error ? error.stack : error}`;
  } finally {
    await place.close();
  }
}

async function failureOfRun(file: string, expected: ExampleRun, place: ExamplePlace, project: string) {
  await expected.before?.(place);
  const env = {
    HOME: place.folder,
    XDG_CACHE_HOME: path.join(place.folder, "cache"),
    PATH: `${path.join(programs, "bin")}${path.delimiter}${process.env.PATH}`,
    npm_config_prefix: programs,
  };
  const run = new ActRun(file, expected, place, { project, act: "act", env });
  place.onCancel = () => run.cancel();
  const timer = setTimeout(() => run.cancel(), LONGEST_RUN);
  const [{ code, log }] = await Promise.all([run.ended, expected.during?.(run, place)]);
  clearTimeout(timer);
  const problems = [
    (code === 0) !== (expected.fails === undefined) && `act ended with ${code}`,
    ...expected.says.map(([line, times]) => {
      const found = [...log.matchAll(line)].length;
      return found !== times && `${line} is ${found} times in the log, not ${times}`;
    }),
    (await expected.check?.(place)) === false && "its check failed",
  ].filter(Boolean);
  return problems.length === 0 ? null : `${problems.join("; ")}\n${log}`;
}
