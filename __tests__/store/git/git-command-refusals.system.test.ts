import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import type { JobStore } from "../../../src/store/job-store.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import { BareRepository } from "../../../testing/git/bare-repository.ts";
import { openStoreAt } from "../../../testing/git/served-repository.ts";
import { documentOf, inTime } from "../../../testing/stores/job-store-suite.ts";

const NAME = "report";
const PATH = process.env.PATH;

let repository: BareRepository;
let folder: string;
let opened: JobStore[];
let log: string[];

beforeEach(() => {
  repository = new BareRepository();
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
  opened = [];
  log = [];
});
afterEach(async () => {
  process.env.PATH = PATH;
  await Promise.all(opened.map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
  repository.remove();
});

async function open(url: string, env: NodeJS.ProcessEnv = {}): Promise<JobStore> {
  const log_ = (line: string) => log.push(line);
  const store = await openStoreAt(url, { temporary: folder, env: { ...process.env, ...env }, log: log_ });
  opened.push(store);
  return store;
}

/** An ssh that reads from the repository on this machine, and ends pushes with these words. */
function sshThatRefusesPushes(words: string): Promise<JobStore> {
  const ssh = path.join(folder, "ssh");
  writeFileSync(path.join(folder, "words"), words);
  const refuse = `cat '${path.join(folder, "words")}' >&2; exit 1`;
  const script = `#!/bin/sh\nfor command; do :; done\ncase "$command" in *receive-pack*) ${refuse};; esac\nexec sh -c "$command"\n`;
  writeFileSync(ssh, script);
  chmodSync(ssh, 0o755);
  const { pathname } = pathToFileURL(repository.folder);
  return open(`ssh://git@git.example.test${pathname}`, { GIT_SSH_COMMAND: `'${ssh}'`, GIT_SSH_VARIANT: "ssh" });
}

describe("git+ssh", () => {
  test.each([
    [
      "GitHub, a read-only key",
      "ERROR: The key you are authenticating with has been marked as read only.\n",
      "key-may-not-write",
      "(The key you are authenticating with has been marked as read only): let that ssh key write",
    ],
    [
      "GitHub, archived",
      "ERROR: This repository was archived so it is read-only.\n",
      "repository-read-only",
      "(This repository was archived so it is read-only): make it writable there",
    ],
    [
      "gitolite",
      "FATAL: W any locks bot DENIED by fallthru\n(or you mis-spelled the reponame)\n",
      "key-may-not-write",
      "(FATAL: W any locks bot DENIED by fallthru; (or you mis-spelled the reponame)): let that ssh key write",
    ],
    [
      "GitLab",
      "remote: \nremote: ========\nremote: \nremote: ERROR: You are not allowed to push code to this project.\nremote: \n",
      "key-may-not-write",
      "(You are not allowed to push code to this project): let that ssh key write",
    ],
  ])("a push that %s refuses is refused at once, in its words", async (_, words, code, message) => {
    const store = await sshThatRefusesPushes(words);
    const error = await failureOf(store.swap(null, documentOf(NAME), inTime()));
    expect(error).toMatchObject({ code, effect: "none" });
    expect(actionMessage(error)).toContain(message);
    expect(log).toEqual([]);
    expect(repository.tip(refOf(NAME))).toBeNull();
  });

  test("a push that ssh could not send is sent again, and nothing was taken", async () => {
    const store = await sshThatRefusesPushes("ssh: connect to host h port 22: Connection timed out\n");
    const swap = failureOf(store.swap(null, documentOf(NAME), inTime()));
    while (log.length === 0) await pause(20);
    writeFileSync(path.join(folder, "words"), "ERROR: This repository was archived so it is read-only.\n");
    expect(await swap).toMatchObject({ code: "repository-read-only", effect: "none" });
    expect(log[0]).toContain("Connection timed out");
  });

  test.each([
    ["ERROR: Repository not found.\n", "(Repository not found)"],
    [
      "error: \nremote: \nremote: ERROR: The project you were looking for could not be found.\nremote: \nerror: \n",
      "(The project you were looking for could not be found)",
    ],
    ["Host key verification failed.\n", "(Host key verification failed)"],
  ])("a repository that is missing is not asked again: %j", async (words, shown) => {
    writeFileSync(path.join(folder, "words"), words);
    const store = await open("ssh://git@git.example.test/locks.git", {
      GIT_SSH_COMMAND: `cat '${path.join(folder, "words")}' >&2; exit 1; :`,
    });
    const error = await failureOf(store.read([NAME], inTime()));
    expect(error).toMatchObject({ code: "git-failed", effect: "none" });
    expect(actionMessage(error)).toContain(`cannot be reached by git fetch ${shown}: check the input url`);
    expect(log).toEqual([]);
  });
});

test("git below 2.29 is named at the first read", async () => {
  const git = path.join(folder, "git");
  const old =
    'case "$1" in version) echo "git version 2.28.1.windows.1";; *) echo "error: unknown option" >&2; exit 129;; esac';
  writeFileSync(git, `#!/bin/sh\necho "$1" >> '${path.join(folder, "runs")}'\n${old}\n`);
  chmodSync(git, 0o755);
  process.env.PATH = `${folder}${path.delimiter}${PATH}`;
  const store = await open(pathToFileURL(repository.folder).href);
  const error = await failureOf(store.read([NAME], inTime()));
  process.env.PATH = PATH;
  expect(error).toMatchObject({ code: "git-too-old", effect: "none" });
  expect(actionMessage(error)).toMatch(
    / needs git 2\.29 or newer here, and this machine has 2\.28\.1\.windows\.1: update git, or use a git\+https: url/,
  );
  expect(execFileSync("cat", [path.join(folder, "runs")]).toString()).toBe("fetch\nversion\n");
});

test("a repository of SHA-256 ids is known before anything is sent", async () => {
  const other = path.join(folder, "sha.git");
  execFileSync("git", ["init", "--quiet", "--bare", "--object-format=sha256", other]);
  const id = execFileSync("git", ["-C", other, "hash-object", "-w", "--stdin"], { input: "x" }).toString().trim();
  for (const isEmpty of [true, false]) {
    if (!isEmpty) execFileSync("git", ["-C", other, "update-ref", refOf(NAME), id]);
    const store = await open(pathToFileURL(other).href);
    // Without a ref a read returns no document, and git refuses the push before it sends it.
    const error = await failureOf(
      isEmpty ? store.swap(null, documentOf(NAME), inTime()) : store.read([NAME], inTime()),
    );
    expect(error).toMatchObject({ code: "repository-unsupported", effect: "none" });
    expect(actionMessage(error)).toContain("cannot keep locks (its objects have SHA-256 ids): use a repository with");
  }
});
