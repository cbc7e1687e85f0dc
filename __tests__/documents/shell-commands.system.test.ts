import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { buildPackage } from "../../testing/documents/built-package.ts";
import { codeBlocks, documents } from "../../testing/documents/code-blocks.ts";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const JOB = "hourly-report";
const REF = "refs/cronyx/hourly-report-527a7ccf1d4003f919ab9ac4ac096c09";
/** Another test runs all commands of this document, in more detail. */
const COMMANDS = "docs/commands.md";

/** The commands that this test does not run, each with the place where they run. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  "npm run demo": ".ci/run, in a fresh clone",
  "npm cit": ".ci/run",
  "npm run bench": "nowhere, since it takes some minutes and needs a quiet machine",
};

const BLOCKS = documents()
  .filter((file) => file !== COMMANDS)
  .flatMap((file) => codeBlocks(file))
  .filter(({ language, text }) => language === "sh" && !(text.trim() in RUN_ELSEWHERE));

/** A folder with a clone of the repository, in which the reader works, and the programs that the commands call. */
let folder: string;
let repository: LocksRepository;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-documents-"));
  const main = await buildPackage(folder);
  mkdirSync(path.join(folder, "bin"));
  const npx = path.join(folder, "bin", "npx");
  writeFileSync(npx, `#!/bin/sh\n[ "$1" = cronyx-action ] && shift && exec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(npx, 0o755);
  repository = await LocksRepository.serve();
  const clone = path.join(folder, "clone");
  await promisify(execFile)("git", ["init", "--quiet", clone]);
  await promisify(execFile)("git", ["-C", clone, "remote", "add", "origin", repository.fileUrl.slice("git+".length)]);
});
afterAll(async () => {
  await repository.close();
  rmSync(folder, { recursive: true, force: true });
});

async function bash(script: string): Promise<string> {
  const adapted = script
    .replaceAll("git+https://github.com/octo-org/reports", repository.httpUrl)
    // There is no terminal on which the command could ask.
    .replaceAll(" skip ", " skip --yes ");
  const person = { NAME: "someone", EMAIL: "someone@example.com" };
  const { stdout } = await promisify(execFile)("bash", ["-ec", `ref=${REF}\n${adapted}`], {
    cwd: path.join(folder, "clone"),
    env: {
      PATH: `${path.join(folder, "bin")}${path.delimiter}${process.env.PATH}`,
      CRONYX_TOKEN: "token",
      ...Object.fromEntries(
        Object.entries(person).flatMap(([key, value]) => [
          [`GIT_AUTHOR_${key}`, value],
          [`GIT_COMMITTER_${key}`, value],
        ]),
      ),
    },
  });
  return stdout;
}

test("the documents have commands", () => {
  expect(BLOCKS.length).toBeGreaterThan(4);
});

test.each(BLOCKS.map((block) => [block.place, block.text] as const))("the commands at %s run", async (_, text) => {
  await repository.write(JOB, `A subject\n\n${JSON.stringify(heldSince(JOB, Date.now() - HOUR))}`);
  await repository.write("daily-orders", finishedUntil("daily-orders", Date.parse("2026-11-24T00:00:00Z")));
  const printed = await bash(text);
  const { active } = (await repository.state(JOB)) ?? {};
  if (text.includes(" skip "))
    return expect(printed).toContain(
      "daily-orders: 2026-11-24T00:00:00.000Z to 2026-11-25T00:00:00.000Z will not be run",
    );
  // Commands that free the lock leave the job without one, and all others show the job.
  if (/release|git push/.test(text)) expect(active).toBeNull();
  else expect(printed).toContain(JOB);
});
