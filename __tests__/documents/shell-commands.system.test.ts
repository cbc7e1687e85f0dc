import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { codeBlocks, documents } from "../../testing/documents/code-blocks.ts";
import { ReadersShell } from "../../testing/documents/readers-shell.ts";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const JOB = "hourly-report";
const REF = "refs/cronyx/hourly-report-527a7ccf1d4003f919ab9ac4ac096c09";
/** Other tests run all commands of these documents, in more detail. */
const TESTED_ELSEWHERE = ["docs/commands.md", "docs/server.md"];

/** The commands that this test does not run, each with the place where they run. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  "npm run demo": ".ci/run, in a fresh clone",
  "npm cit": ".ci/run",
  "npm run bench": "nowhere, since it takes some minutes and needs a quiet machine",
};

const BLOCKS = documents()
  .filter((file) => !TESTED_ELSEWHERE.includes(file))
  .flatMap((file) => codeBlocks(file))
  .filter(({ language, text }) => language === "sh" && !(text.trim() in RUN_ELSEWHERE));

let shell: ReadersShell;
/** A clone of the repository, in which the reader works. */
let clone: string;
let repository: LocksRepository;
beforeAll(async () => {
  shell = new ReadersShell();
  shell.program("bin/npx", `[ "$1" = cronyx-action ] && shift && exec ${await shell.buildPackage()} "$@"`);
  repository = await LocksRepository.serve();
  clone = path.join(shell.folder, "clone");
  await promisify(execFile)("git", ["init", "--quiet", clone]);
  await promisify(execFile)("git", ["-C", clone, "remote", "add", "origin", repository.fileUrl.slice("git+".length)]);
});
afterAll(async () => {
  await repository.close();
  shell.close();
});

function bash(script: string): Promise<string> {
  const adapted = script
    .replaceAll("git+https://github.com/octo-org/reports", repository.httpUrl)
    // There is no terminal on which the command could ask.
    .replaceAll(" skip ", " skip --yes ");
  const [name, email] = ["someone", "someone@example.com"];
  const author = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email };
  const committer = { GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
  return shell.bash(`ref=${REF}\n${adapted}`, {
    options: "-ec",
    cwd: clone,
    env: { CRONYX_TOKEN: "token", ...author, ...committer },
  });
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
