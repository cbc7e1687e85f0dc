import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { BareRepository } from "../../../testing/git/bare-repository.ts";

const SCRIPTS = path.resolve(import.meta.dirname, "../../../build/release");
const REPOSITORY = "octo-org/cronyx-action";

/** No sample hooks in each clone, and no process of maintenance after each command. */
const GIT_CONFIG = `[init]
  templateDir =
[maintenance]
  auto = false
[receive]
  autogc = false
`;

let root: string;
let origin: BareRepository;
let clone: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "cronyx-release-"));
  writeFileSync(path.join(root, "gitconfig"), GIT_CONFIG);
  origin = new BareRepository("origin.git");
  clone = path.join(root, "clone");
  git("init", "--quiet", "--initial-branch", "main", clone);
  git("-C", clone, "remote", "add", "origin", origin.folder);
});
afterEach(() => {
  origin.remove();
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
});

function environment(more: Record<string, string> = {}): Record<string, string | undefined> {
  const names = Object.entries(process.env).filter(([name]) => !/^(GIT_|GITHUB_)/.test(name));
  const [user, email] = ["A", "a@example.com"];
  return {
    ...Object.fromEntries(names),
    ...{ GIT_CONFIG_GLOBAL: path.join(root, "gitconfig"), GIT_CONFIG_NOSYSTEM: "1" },
    ...{ GIT_AUTHOR_NAME: user, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: user, GIT_COMMITTER_EMAIL: email },
    ...more,
  };
}

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8", env: environment(), stdio: "pipe" }).trim();
}

interface Files {
  version?: string;
  lockVersion?: string;
  section?: string;
  repository?: string;
}

/** Commits the files of a version on the branch of the clone. @returns the commit. */
function commitVersion(
  version: string,
  { lockVersion = version, section = version, repository = REPOSITORY }: Files = {},
) {
  const manifest = { name: "cronyx-action", repository: { url: `git+https://github.com/${repository}.git` } };
  const lock = { version: lockVersion, packages: { "": { version: lockVersion } } };
  writeFileSync(path.join(clone, "package.json"), JSON.stringify({ ...manifest, version }));
  writeFileSync(path.join(clone, "package-lock.json"), JSON.stringify(lock));
  writeFileSync(
    path.join(clone, "CHANGELOG.md"),
    `# Changelog\n\n## Unreleased\n\n## ${section} - 2026-11-28\n\n- a\n`,
  );
  git("-C", clone, "add", "--all");
  git("-C", clone, "commit", "--quiet", "--allow-empty", "--message", `Version ${version}`);
  return git("-C", clone, "rev-parse", "HEAD");
}

function push(...refs: string[]): void {
  git("-C", clone, "push", "--quiet", "--force", "origin", ...refs);
}

/** Commits a version on main, tags it, and pushes both. @returns the commit. */
function tagVersion(version: string, files: Files = {}): string {
  const commit = commitVersion(files.version ?? version, files);
  git("-C", clone, "tag", `v${version}`);
  push("main", `v${version}`);
  return commit;
}

function run(script: string, env: Record<string, string>): { status: number | null; stdout: string; outputs: string } {
  const outputs = path.join(root, "outputs");
  rmSync(outputs, { force: true });
  const more = { GITHUB_OUTPUT: outputs, GITHUB_REPOSITORY: REPOSITORY, ...env };
  const args = [path.join(SCRIPTS, `${script}.mjs`)];
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: clone,
    encoding: "utf8",
    env: environment(more),
  });
  return { status, stdout, outputs: existsSync(outputs) ? readFileSync(outputs, "utf8") : "" };
}

const check = (version: string) => run("check", { TAG: `v${version}` });
const move = (version: string, was: string) => run("move-major-tag", { TAG: `v${version}`, MAJOR_TAG_WAS: was });
const refusal = (problem: string) => ({
  status: 1,
  stdout: expect.stringContaining(`::error::${problem}`),
  outputs: "",
});
const majorTag = (name = "v1") => origin.tip(`refs/tags/${name}`);

test("a version is checked, and gets the major tag; so does the next one", () => {
  const first = tagVersion("1.0.0");
  expect(check("1.0.0")).toMatchObject({ status: 0, outputs: "version=1.0.0\nprerelease=false\nmajor-tag-was=\n" });
  expect(move("1.0.0", "")).toMatchObject({ status: 0, stdout: "v1 is v1.0.0 now\n" });
  expect(majorTag()).toBe(first);

  const second = tagVersion("1.1.0");
  expect(check("1.1.0")).toMatchObject({
    status: 0,
    outputs: `version=1.1.0\nprerelease=false\nmajor-tag-was=${first}\n`,
  });
  expect(move("1.1.0", first)).toMatchObject({ status: 0, stdout: "v1 is v1.1.0 now\n" });
  expect(majorTag()).toBe(second);
  // The second attempt of the same run.
  expect(move("1.1.0", first)).toMatchObject({ status: 0, stdout: "v1 is v1.1.0 already\n" });
});

test("the major tag can be moved back to an earlier release by hand, and forward by the next release", () => {
  const first = tagVersion("1.0.0");
  const second = tagVersion("1.1.0");
  origin.git(["update-ref", "refs/tags/v1", second]);
  git("-C", clone, "checkout", "--quiet", "v1.0.0");
  expect(move("1.0.0", second)).toMatchObject({ status: 0, stdout: "v1 is v1.0.0 now\n" });
  expect(majorTag()).toBe(first);
  git("-C", clone, "checkout", "--quiet", "main");
  const third = tagVersion("1.1.1");
  expect(check("1.1.1")).toMatchObject({ status: 0, outputs: expect.stringContaining(`major-tag-was=${first}\n`) });
  expect(move("1.1.1", first)).toMatchObject({ status: 0 });
  expect(majorTag()).toBe(third);
});

test("annotated tags do as well", () => {
  const first = commitVersion("1.0.0");
  git("-C", clone, "tag", "--annotate", "--message", "1.0.0", "v1.0.0");
  git("-C", clone, "tag", "--annotate", "--message", "1", "v1");
  push("main", "v1.0.0", "v1");
  const object = majorTag() ?? "";
  expect(object).not.toBe(first);
  const second = commitVersion("1.1.0");
  git("-C", clone, "tag", "--annotate", "--message", "1.1.0", "v1.1.0");
  push("main", "v1.1.0");
  expect(check("1.1.0")).toMatchObject({ status: 0, outputs: expect.stringContaining(`major-tag-was=${object}\n`) });
  expect(move("1.1.0", object)).toMatchObject({ status: 0 });
  expect(majorTag()).toBe(second);
});

test("a prerelease is checked, and never moves the major tag", () => {
  const first = tagVersion("1.0.0");
  expect(move("1.0.0", "")).toMatchObject({ status: 0 });
  tagVersion("1.1.0-rc.1");
  expect(check("1.1.0-rc.1")).toMatchObject({ status: 0, outputs: expect.stringContaining("prerelease=true\n") });
  expect(move("1.1.0-rc.1", first)).toEqual(refusal("v1.1.0-rc.1 is a prerelease, so v1 stays where it is"));
  expect(majorTag()).toBe(first);
});

test("a tag on a commit that is not on main is refused", () => {
  tagVersion("1.0.0");
  git("-C", clone, "checkout", "--quiet", "-b", "other");
  const commit = commitVersion("1.1.0");
  git("-C", clone, "tag", "v1.1.0");
  push("other", "v1.1.0");
  expect(check("1.1.0")).toEqual(refusal(`v1.1.0 is commit ${commit}, which is not on main`));
});

test.each<[what: string, Files, problem: string]>([
  [
    "package.json",
    { version: "1.0.1", lockVersion: "1.0.0", section: "1.0.0" },
    "package.json has 1.0.1: npm version 1.0.0",
  ],
  ["package-lock.json", { lockVersion: "0.9.0" }, "package-lock.json has 0.9.0: npm version 1.0.0"],
])("a version that differs in %s is refused", (_, files, problem) => {
  tagVersion("1.0.0", files);
  expect(check("1.0.0")).toEqual(refusal(`v1.0.0 needs the version 1.0.0, but ${problem}`));
});

test("a changelog without the section of the version is refused", () => {
  tagVersion("1.0.0", { section: "0.9.0" });
  expect(check("1.0.0")).toEqual(refusal('The first version in CHANGELOG.md must be "## 1.0.0 - YYYY-MM-DD"'));
});

test("a package.json that names another repository is refused", () => {
  tagVersion("1.0.0", { repository: "OWNER/cronyx-action" });
  expect(check("1.0.0")).toEqual(
    refusal(
      'package.json has the repository "git+https://github.com/OWNER/cronyx-action.git", but this is ' +
        `"git+https://github.com/${REPOSITORY}.git"`,
    ),
  );
});

test("a tag that moved after the checkout, or is gone, is refused", () => {
  const first = tagVersion("1.0.0");
  const other = origin.commit("another commit");
  origin.git(["update-ref", "refs/tags/v1.0.0", other]);
  const problem = `v1.0.0 is commit ${other} in origin, but commit ${first} is checked out`;
  expect(check("1.0.0")).toEqual(refusal(problem));
  expect(move("1.0.0", "")).toEqual(refusal(problem));
  origin.git(["update-ref", "-d", "refs/tags/v1.0.0"]);
  expect(check("1.0.0")).toEqual(refusal("origin has no tag v1.0.0"));
  expect(majorTag()).toBeNull();
});

test("an older version than the newest one is refused, but prereleases of a later version are no obstacle", () => {
  tagVersion("1.2.0");
  tagVersion("1.1.1");
  expect(check("1.1.1")).toEqual(refusal("v1.1.1 is older than v1.2.0, which exists"));
  tagVersion("2.0.0-rc.1");
  tagVersion("1.2.1");
  expect(check("1.2.1")).toMatchObject({ status: 0 });
});

test("a major tag that is no release is refused", () => {
  tagVersion("1.0.0");
  const other = origin.commit("another commit");
  origin.git(["update-ref", "refs/tags/v1", other]);
  tagVersion("1.1.0");
  expect(check("1.1.0")).toEqual(refusal(`v1 is commit ${other}, which is no release`));
});

test.each<[what: string, was: (first: string) => string, between: (other: string) => void]>([
  ["moved", (first) => first, (other) => origin.git(["update-ref", "refs/tags/v1", other])],
  ["deleted", (first) => first, () => origin.git(["update-ref", "-d", "refs/tags/v1"])],
  ["made", () => "", (other) => origin.git(["update-ref", "refs/tags/v1", other])],
])("a major tag that was %s in between stays as it is", (_, was, between) => {
  const first = tagVersion("1.0.0");
  origin.git(["update-ref", "refs/tags/v1", first]);
  tagVersion("1.1.0");
  const other = origin.commit("another commit");
  between(other);
  const now = majorTag();
  expect(move("1.1.0", was(first))).toEqual(refusal("v1 was moved during this release, from "));
  expect(majorTag()).toBe(now);
});

test("a push that fails for another reason shows the words of git", () => {
  tagVersion("1.0.0");
  origin.hook("pre-receive", "echo 'tags are protected' >&2; exit 1");
  const { status, stdout } = move("1.0.0", "");
  expect([status, stdout]).toEqual([1, expect.stringContaining("tags are protected")]);
  expect(majorTag()).toBeNull();
});

// git accepts all of these as the names of tags, on Windows too.
const TOUCH = "touch$IFS'pwned'";
const NO_VERSIONS = [
  ...[`v1.0.0;${TOUCH}`, `v1.0.0-$(${TOUCH})`, `v1.0.0-\`${TOUCH}\``, `v1.0.0&&${TOUCH}`, `v1.0.0'$(${TOUCH})'`],
  ...["v1.0.0%0Aid", "v1.0.0-rc.1/id"],
];
test("tags that name no version run nothing, and are refused", () => {
  tagVersion("1.0.0");
  for (const tag of NO_VERSIONS) git("-C", clone, "tag", tag);
  push(...NO_VERSIONS.map((tag) => `refs/tags/${tag}`));
  const before = readdirSync(clone);
  for (const tag of NO_VERSIONS) {
    const env = { TAG: tag, MAJOR_TAG_WAS: "" };
    for (const script of ["check", "move-major-tag", "github-release"]) {
      expect(run(script, env)).toEqual(
        refusal(`The tag ${JSON.stringify(tag).replaceAll("%", "%25")} names no version`),
      );
    }
  }
  expect(readdirSync(clone)).toEqual(before);
  expect(majorTag()).toBeNull();
});

test("a lease that is no object of git is refused", () => {
  tagVersion("1.0.0");
  expect(move("1.0.0", "--mirror")).toEqual(refusal('MAJOR_TAG_WAS is no object of git: "--mirror"'));
});
