import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { basicScheme } from "../../src/server/auth/basic-scheme.ts";
import { linkDependencies } from "../../testing/documents/built-package.ts";
import { type ServedRepository, serveRepository, TOKEN } from "../../testing/git/served-repository.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { runServer } from "../../testing/servers/running-server.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const TSC = path.join(ROOT, "node_modules/typescript/bin/tsc");
/** The address in the examples. */
const EXAMPLE_URL = "git+https://github.com/octo-org/locks";
const STRICT = ["--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext"];

const examples = [...readFileSync(path.join(ROOT, "docs/api.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)]
  .map(([, code = ""]) => code)
  .filter((code) => code.includes("//=>"));

/** The program that runs the examples, each after this line. */
const RUN_EXAMPLES = "run-examples.js";
const MARK = "-- an example --";

/** A folder in which only the package and its dependencies are installed. */
let folder: string;
let served: ServedRepository;
let compiled: Promise<unknown>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-package-"));
  served = await serveRepository(TOKEN);
  await run("npm", ["pack", "--pack-destination", folder], ROOT);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }\n');
  // npm takes the packages that are there already, if the package accepts their versions. To unpack thousands of files of
  // dependencies takes npm longer than all the rest. The toolkit's HTTP client gets the real undici, which this clone lacks.
  linkDependencies(path.join(folder, "node_modules"), ["@actions/http-client"]);
  // Without scripts: they would be those of the packages of this clone.
  const quickly = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["install", ...quickly, `./${tarball}`]);
  mkdirSync(path.join(folder, "examples"));
  for (const [at, code] of examples.entries()) {
    writeFileSync(path.join(folder, "examples", `${at}.ts`), code.replaceAll(EXAMPLE_URL, `git+${served.url}`));
  }
  cpSync(path.join(ROOT, "__tests__/fixtures/cronyx-client-program.ts"), path.join(folder, "cronyx-client-program.ts"));
  const files = [...examples.map((_, at) => `examples/${at}.ts`), "cronyx-client-program.ts"];
  const types = ["--typeRoots", path.join(ROOT, "node_modules/@types"), "--types", "node", "--skipLibCheck"];
  compiled = run(process.execPath, [TSC, ...STRICT, ...types, "--outDir", "compiled", "--rootDir", ".", ...files]);
  compiled.catch(() => {});
});

afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function run(command: string, args: readonly string[], cwd = folder, more = {}): Promise<string> {
  const env = { ...process.env, LOCKS_TOKEN: TOKEN, NODE_OPTIONS: "", ...more };
  try {
    return (await promisify(execFile)(command, [...args], { cwd, env })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed: ${stdout}${stderr}`, { cause: error });
  }
}

test("the package holds the library and the server alone", async () => {
  const inside = path.join(folder, "node_modules/cronyx-action");
  expect(readdirSync(inside).sort()).toEqual(["LICENSE", "README.md", "dist", "docs", "package.json"]);
  expect(readdirSync(path.join(inside, "dist"))).toEqual(["package"]);
  const show = "console.log(Object.keys(library).sort().join())";
  const imported = await run(process.execPath, [
    "--input-type=module",
    "--eval",
    `import * as library from "cronyx-action"; ${show}`,
  ]);
  expect(imported.trim()).toBe("CronyxClient,CronyxClientError,default");
});

test("its types need no other package", async () => {
  cpSync(path.join(ROOT, "__tests__/fixtures/package-consumer.ts"), path.join(folder, "consumer.ts"));
  await run(process.execPath, [TSC, ...STRICT, "--lib", "es2022,dom", "--types", "", "--noEmit", "consumer.ts"]);
});

test("each method of docs/api.md has an example with the output that it shows", async () => {
  expect(examples).toHaveLength(19);
  await compiled;
  const program = examples.map((_, at) => `console.log("${MARK}");\nawait import("./compiled/examples/${at}.js");\n`);
  writeFileSync(path.join(folder, RUN_EXAMPLES), program.join(""));
  const printed = await run(process.execPath, ["--trace-uncaught", RUN_EXAMPLES]);
  expect(printed.split(`${MARK}\n`).slice(1)).toEqual(examples.map(said));
});

test("a program written for cronyx-client runs on either server when its import is changed", async () => {
  await compiled;
  const original = await new OriginalServer().listen();
  original.login = `ci:${TOKEN}`;
  const ours = await runServer({ schemes: [basicScheme("ci", TOKEN)] });
  try {
    for (const { url } of [original, ours]) {
      const env = { SERVER_URL: url, SERVER_PASSWORD: TOKEN };
      const printed = await run(process.execPath, ["compiled/cronyx-client-program.js"], folder, env);
      expect(printed.trimEnd().split("\n")).toEqual([
        "string daily report true true",
        "15 true true",
        "null",
        "CronyxClientError: Job is pending for daily report",
        "undefined",
        "CronyxClientError: Job is not active for daily report",
        "CronyxClientError: Job is not active for daily report",
        "CronyxClientError: Job is not active for daily report",
        "Error: The report is empty",
        "undefined",
        "undefined",
        "[ 'hourly/report' ]",
        "null",
        "null 2023-02-03T15:00:00.000Z",
        "CronyxClientError: Job is not active for daily report",
        "true",
      ]);
    }
  } finally {
    await original.close();
    await ours.close();
  }
});

/** @returns the output that an example shows. */
function said(example: string): string {
  return [...example.matchAll(/\/\/=> (.*)$/gm)].map(([, line]) => `${line}\n`).join("");
}
