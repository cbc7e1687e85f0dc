// Runs the workflows of examples/ under act: `npm run test:examples -- [NAME.yml...]`. Without a name it runs all of them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { inParallel } from "../in-parallel.ts";
import { ActRun } from "./act-run.ts";
import { ExamplePlace, type ExampleServices, makeProject, ROOT, run } from "./example-place.ts";
import { EXAMPLES, type ExampleRun } from "./example-runs.ts";

/** `.ci/run` installs act there. */
const OWN_ACT = path.join(ROOT, ".ci/tools/bin/act");
/** A run takes some seconds, and one that takes longer than this hangs. In milliseconds. */
const LONGEST_RUN = 10 * 60_000;
/** Most of an example's time is that of the processor. */
const AT_ONCE = 2;

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in EXAMPLES));
if (unknown.length > 0) throw new Error(`testing/e2e/example-runs.ts has no ${unknown.join(", ")}`);
const scratch = mkdtempSync(path.join(tmpdir(), "cronyx-examples-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
const services = await startServices();
const action = await copyAction();
const programs = await installPrograms();
const started = performance.now();
const chosen = Object.entries(EXAMPLES).filter(([file]) => names.length === 0 || names.includes(file));
const failures = (await inParallel(chosen, AT_ONCE, ([file, runs]) => failureOf(file, runs))).filter(Boolean);
for (const failure of failures) console.error(failure);
console.log(`${chosen.length} examples: ${Math.round((performance.now() - started) / 1000)} s`);
process.exit(failures.length === 0 ? 0 : 1);

/** @returns the addresses of the services. They end with their standard input, and so with this process. */
async function startServices(): Promise<ExampleServices> {
  const child = spawn(process.execPath, [path.join(ROOT, "testing/e2e/services.ts"), scratch], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(() => Promise.reject(new Error("The services of the examples do not start"))),
  ]);
  return JSON.parse(line);
}

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
  const workflow = place.adapted(readFileSync(path.join(ROOT, "examples", file), "utf8"));
  await makeProject(project, { file, workflow, action });
  try {
    for (const [at, one] of runs.entries()) {
      const from = performance.now();
      const failure = await failureOfRun(one, { file, place, project });
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

interface RunPlace {
  /** The name of the example. */
  readonly file: string;
  readonly place: ExamplePlace;
  /** The folder of the repository with the workflow. */
  readonly project: string;
}

async function failureOfRun(expected: ExampleRun, { file, place, project }: RunPlace) {
  await expected.before?.(place);
  const env = {
    HOME: place.folder,
    XDG_CACHE_HOME: path.join(place.folder, "cache"),
    PATH: `${path.join(programs, "bin")}${path.delimiter}${process.env.PATH}`,
    npm_config_prefix: programs,
  };
  const run = new ActRun(expected, { file, place, project, act: existsSync(OWN_ACT) ? OWN_ACT : "act", env });
  place.onCancel = () => run.cancel();
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    run.cancel();
  }, LONGEST_RUN);
  const [{ code, log }] = await Promise.all([run.ended, expected.during?.(run, place)]);
  clearTimeout(timer);
  const problems = [
    hangs && `it did not end within ${LONGEST_RUN / 1000} s`,
    (code === 0) !== (expected.fails === undefined) && `act ended with ${code}`,
    ...expected.says.map(([line, times]) => {
      const found = [...log.matchAll(line)].length;
      return found !== times && `${line} is ${found} times in the log, not ${times}`;
    }),
    (await expected.check?.(place)) === false && "its check failed",
  ].filter(Boolean);
  return problems.length === 0 ? null : `${problems.join("; ")}\n${log}`;
}
