import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { release, status } from "../../src/cli/job-commands.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { newJobState } from "../../src/scheduler/state-document.ts";
import { refOf } from "../../src/store/git/ref-name.ts";
import { endingDeadline } from "../../testing/clock/ending-deadline.ts";
import { type ServedRepository, serveRepository, TOKEN } from "../../testing/git/served-repository.ts";
import { documentOf } from "../../testing/stores/job-store-suite.ts";

let served: ServedRepository;
beforeEach(async () => {
  served = await serveRepository(TOKEN);
  const store = await served.open();
  for (const name of ["backup", "report"]) await store.swap(null, newJobState(name), deadlineIn(10_000));
  await store.close();
});
afterEach(() => served.close());

const REF = refOf("report");

function objectFile(): string {
  const id = served.repository.tip(REF) ?? "";
  return path.join(served.repository.folder, "objects", id.slice(0, 2), id.slice(2));
}

/** Removes the commit that the job's ref points to, as a collection beside a push does. */
function loseObject(): void {
  rmSync(objectFile());
}

/** A full disk leaves a file without its content, or with the first part of it. */
function cutObject(length: number): void {
  const file = objectFile();
  chmodSync(file, 0o644);
  truncateSync(file, length);
}

/** The deadline of each call passes when the call waits for its next attempt. */
async function run(command: typeof status, args: readonly string[], answer: boolean | null = null) {
  const said = { output: "", errors: "", asked: "" };
  let pass = () => {};
  const code = await command({
    args,
    env: { PATH: process.env.PATH, CRONYX_TOKEN: TOKEN },
    now: Date.now,
    deadline() {
      const ending = endingDeadline();
      pass = ending.pass;
      return ending.deadline;
    },
    output: { write: (text) => (said.output += text) },
    errors: {
      write(text) {
        said.errors += text;
        if (text.includes("; trying again in ")) pass();
      },
    },
    confirm: async (question) => {
      said.asked += question;
      return answer;
    },
  });
  return { code, ...said };
}

describe.each(["http", "file"])("over git+%s", (transport) => {
  const url = () => `git+${transport === "http" ? served.url : pathToFileURL(served.repository.folder)}`;
  const removal = () => `git push ${url().slice("git+".length)} --delete ${REF}`;

  test("a ref without its object is named, with the command that removes it, and all other jobs are shown", async () => {
    loseObject();
    const all = await run(status, ["--url", url()]);
    expect(all.code).toBe(1);
    expect(all.output).toBe("JOB     STATE  NEXT DUE  LAST RUN\nbackup  free   unknown   none\n\n1 job\n");
    expect(all.errors).toContain(`has lost the object that ${REF} points to (`);
    expect(all.errors).toContain(`: remove the ref: ${removal()}; or, on its server, git update-ref -d ${REF}\n`);
    const one = await run(status, ["report", "--url", url()]);
    expect(one).toMatchObject({ code: 1, output: "" });
    expect(one.errors).toContain(removal());
    execFileSync("git", [...removal().split(" ").slice(1, 2), served.repository.folder, "--delete", REF], {
      cwd: served.repository.folder,
      stdio: "ignore",
    });
    expect(await run(status, ["--url", url()])).toMatchObject({ code: 0, errors: "" });
  });

  test("a foreign ref is named in the same way", async () => {
    served.repository.git(["update-ref", "refs/cronyx/notes", served.repository.commit("Not a lock")]);
    const all = await run(status, ["--url", url()]);
    expect(all.code).toBe(1);
    expect(all.output).toMatch(/^backup +free .*\nreport +free .*\n\n2 jobs\n$/m);
    expect(all.errors).toMatch(
      /The state document at refs\/cronyx\/notes in .* is damaged \(.*\): nothing was changed/,
    );
    expect(all.errors).toContain("--delete refs/cronyx/notes\n");
  });

  test("a foreign ref of over 1 MiB does not hide the jobs", async () => {
    const id = served.repository.git(["hash-object", "-w", "--stdin"], "x".repeat(5 * 1024 * 1024));
    served.repository.git(["update-ref", "refs/cronyx/backup.tar", id]);
    const all = await run(status, ["--url", url()]);
    expect(all.output).toMatch(/^backup +free .*\nreport +free .*\n\n2 jobs\n$/m);
    expect(all.errors).toMatch(/The state document at refs\/cronyx\/backup\.tar in .* is damaged \(.*bytes\)/);
  });

  test.each([
    ["without its object", loseObject],
    ["with an empty object", () => cutObject(0)],
    ["with a part of its object", () => cutObject(60)],
    [
      "with something else",
      () => served.repository.git(["update-ref", REF, served.repository.commit("Something else")]),
    ],
  ])("release removes a ref %s, after a question", async (_, damage) => {
    damage();
    const no = await run(release, ["report", "--url", url()], false);
    expect(no).toMatchObject({ code: 1, output: "" });
    expect(no.asked).toContain(REF);
    expect(no.asked).toContain("Remove it?");
    const unasked = await run(release, ["report", "--url", url()]);
    expect(unasked).toMatchObject({ code: 2, output: "" });
    expect(unasked.errors).toContain("pass --yes to remove without a question");
    expect(served.repository.git(["ls-remote", served.repository.folder])).toContain(REF);

    const yes = await run(release, ["report", "--url", url()], true);
    expect(yes).toMatchObject({ code: 0, errors: "" });
    expect(yes.output).toBe("Removed the state document of report: its next start is its first one\n");
    expect(await run(status, ["report", "--url", url()])).toMatchObject({ code: 3 });
    expect((await run(status, ["--url", url()])).code).toBe(0);
  });

  test("release --yes --json asks nothing", async () => {
    loseObject();
    const done = await run(release, ["report", "--yes", "--json", "--url", url()]);
    expect(done).toMatchObject({ code: 0, asked: "" });
    expect(JSON.parse(done.output)).toEqual({ name: "report", removed: REF });
  });
});

test("release removes a leftover lock file of a repository on this machine, after a question", async () => {
  const url = `git+${pathToFileURL(served.repository.folder)}`;
  const store = await served.open();
  const { version } = (await store.read(["report"], deadlineIn(10_000))).records.get("report") ?? {};
  await store.swap(version ?? null, documentOf("report"), deadlineIn(10_000));
  await store.close();
  const lockFile = path.join(served.repository.folder, `${REF}.lock`);
  writeFileSync(lockFile, "");

  const no = await run(release, ["report", "--url", url], false);
  expect(no).toMatchObject({ code: 1, output: "" });
  expect(no.asked).toContain("File exists");
  expect(no.asked).toMatch(/remove the file there: rm '.*\.lock'\. Remove it, and release report\?$/);
  expect(existsSync(lockFile)).toBe(true);
  const byHttp = await run(release, ["report", "--url", `git+${served.url}`], true);
  expect(byHttp).toMatchObject({ code: 1, asked: "", errors: expect.stringContaining("remove the file there: rm '") });
  expect(existsSync(lockFile)).toBe(true);

  const yes = await run(release, ["report", "--url", url], true);
  expect(yes).toMatchObject({ code: 0, output: expect.stringContaining("Released report") });
  expect(existsSync(lockFile)).toBe(false);
});
