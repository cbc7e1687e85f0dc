import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import { EMPTY_TREE, idOf } from "../../../src/store/git/objects.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import type { JobStore } from "../../../src/store/job-store.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import { untilWritten } from "../../../testing/files/until-written.ts";
import { BareRepository } from "../../../testing/git/bare-repository.ts";
import { openStoreAt, TOKEN } from "../../../testing/git/served-repository.ts";
import { isAlive } from "../../../testing/processes/is-alive.ts";
import { documentOf, inTime } from "../../../testing/stores/job-store-suite.ts";

const NAME = "report";
const PATH = process.env.PATH;

let repository: BareRepository;
/** The folder for the programs and settings of the tests. */
let folder: string;
let temporary: string;
let opened: JobStore[];

beforeEach(() => {
  repository = new BareRepository();
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
  temporary = path.join(folder, "temporary");
  mkdirSync(temporary);
  opened = [];
});
afterEach(async () => {
  process.env.PATH = PATH;
  await Promise.all(opened.map((store) => store.close()));
  expect(readdirSync(temporary)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
  repository.remove();
});

async function open(env: NodeJS.ProcessEnv = {}, at = repository.folder): Promise<JobStore> {
  const options = { temporary, token: TOKEN, env: { ...process.env, ...env } };
  const store = await openStoreAt(pathToFileURL(at).href, options);
  opened.push(store);
  return store;
}

/** Puts another `git` first on the PATH. It records its arguments and environment, runs `first`, and then the real git. */
function wrapGit(first = ""): () => { pid: number; args: string[]; env: NodeJS.ProcessEnv }[] {
  const bin = path.join(folder, "bin");
  const log = path.join(folder, "log");
  mkdirSync(bin);
  writeFileSync(log, "");
  const script = `
    const { appendFileSync } = require("node:fs");
    const { spawnSync } = require("node:child_process");
    const [args, { PATH: _, ...env }] = [process.argv.slice(2), process.env];
    appendFileSync(${JSON.stringify(log)}, JSON.stringify({ pid: process.pid, args, env }) + "\\n");
    process.env.PATH = ${JSON.stringify(PATH)};
    ${first}
    process.exit(spawnSync("git", args, { stdio: "inherit" }).status);
  `;
  writeFileSync(path.join(bin, "wrapper.cjs"), script);
  const run = `"${process.execPath}" "${path.join(bin, "wrapper.cjs")}"`;
  writeFileSync(path.join(bin, "git"), `#!/bin/sh\nexec ${run} "$@"\n`);
  writeFileSync(path.join(bin, "git.cmd"), `@${run} %*\r\n`);
  chmodSync(path.join(bin, "git"), 0o755);
  process.env.PATH = `${bin}${path.delimiter}${PATH}`;
  return () =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
}

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "latin1"));
}

describe("processes", () => {
  test("a read is one, and a swap another", async () => {
    const runs = wrapGit();
    const store = await open();
    await store.read([NAME], inTime());
    const { version } = await store.swap(null, documentOf(NAME), inTime());
    expect(runs().map(({ args }) => args[0])).toEqual(["fetch", "push"]);
    await store.read([NAME, "another"], inTime());
    await store.read([], inTime());
    await store.swap(version, documentOf(NAME), inTime());
    expect(runs().map(({ args }) => args[0])).toEqual(["fetch", "push", "fetch", "push"]);
  });

  test("see nothing of the token, on the command line, in the environment or in a file", async () => {
    const runs = wrapGit();
    const store = await open();
    await store.swap(null, documentOf(NAME), inTime());
    await store.read([NAME], inTime());
    expect(JSON.stringify(runs())).not.toContain(TOKEN);
    expect(filesIn(temporary).length).toBeGreaterThan(3);
    for (const content of filesIn(temporary)) expect(content).not.toContain(TOKEN);
  });

  test("that hang are ended at the deadline, and none is started after it", async () => {
    const damaged = await open();
    mkdirSync(path.join(repository.folder, "refs/cronyx"), { recursive: true });
    writeFileSync(path.join(repository.folder, refOf("damaged")), `${"1".repeat(40)}\n`);
    const hang = ["push", "update-ref", refOf(NAME)];
    const runs = wrapGit(`if (${JSON.stringify(hang)}.some((part) => args.join().includes(part)))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
    const hanging = () => runs().filter(({ args }) => hang.some((part) => args.join().includes(part)));
    const { deadline, pass } = endingDeadline();
    const [read, swap, removal] = [
      failureOf((await open()).read([NAME], deadline)),
      failureOf((await open()).swap(null, documentOf("another"), deadline)),
      failureOf(damaged.remove?.("damaged", deadline) ?? Promise.resolve()),
    ];
    await until(() => hanging().length === hang.length);
    pass();
    expect(await read).toMatchObject({ code: "unreachable", effect: "none" });
    const [lost, unknown] = [await swap, await removal];
    expect(lost).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(lost.message).toContain("gave no answer to git push in time");
    expect(unknown).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(unknown.message).toContain("gave no answer to git update-ref in time");
    for (const { pid } of runs()) while (isAlive(pid)) await setImmediate();

    expect(await failureOf((await open()).read([NAME], deadline))).toMatchObject({ code: "unreachable" });
    expect(hanging()).toHaveLength(hang.length);
  });

  test("that git has started keep this process alive no longer than git itself", async () => {
    repository.hook("pre-receive", `echo $$ >${folder}/new && mv ${folder}/new ${folder}/hook && exec sleep 600`);
    const streams = () => process.getActiveResourcesInfo().filter((name) => name === "PipeWrap").length;
    const before = streams();
    const { deadline, pass } = endingDeadline();
    const swap = failureOf((await open()).swap(null, documentOf(NAME), deadline));
    const hook = Number(await untilWritten(folder, "hook"));
    try {
      pass();
      expect(await swap).toMatchObject({ code: "unreachable", effect: "possible" });
      while (streams() > before) await setImmediate();
      expect(isAlive(hook)).toBe(true);
    } finally {
      process.kill(hook);
    }
  });

  test("are found by a PATH that is relative, and that has no shell", async () => {
    wrapGit();
    const bin = path.join(folder, "only-git");
    mkdirSync(bin);
    symlinkSync(path.join(folder, "bin", "git"), path.join(bin, "git"));
    process.env.PATH = path.relative(process.cwd(), bin);
    expect((await (await open()).read([NAME], inTime())).records.size).toBe(0);
  });

  test("that are killed without a word are named by their exit code", async () => {
    wrapGit("if (args[0] === 'push') process.exit(137);");
    const { deadline, pass } = endingDeadline();
    const lines: string[] = [];
    const log = (line: string) => {
      lines.push(line);
      pass();
    };
    const store = await openStoreAt(pathToFileURL(repository.folder).href, { temporary, log });
    opened.push(store);
    await failureOf(store.swap(null, documentOf(NAME), deadline));
    expect(lines[0]).toMatch(/gave no answer to git push \(it exited with 137\); trying again/);
  });

  /** Waits until the wrapped git has written enough to its log. */
  async function until(condition: () => boolean): Promise<void> {
    const watcher = watch(path.join(folder, "log"));
    try {
      while (!condition()) await once(watcher, "change");
    } finally {
      watcher.close();
    }
  }
});

describe("the temporary folder", () => {
  test.each(["", "HEAD"])("is made anew when it was removed meanwhile, or a file of it: %p", async (file) => {
    const store = await open();
    const { version } = await store.swap(null, documentOf(NAME), inTime());
    for (const entry of readdirSync(temporary)) rmSync(path.join(temporary, entry, file), { recursive: true });
    if (file === "") rmSync(temporary, { recursive: true });
    const readings = await Promise.all([store.read([NAME], inTime()), store.read([NAME], inTime())]);
    for (const { records } of readings) expect(records.get(NAME)?.version).toBe(version);
    expect(readdirSync(temporary)).toHaveLength(1);
    expect(await store.swap(version, documentOf(NAME), inTime())).not.toHaveProperty("effect");
  });

  test("is removed while git runs: an update whose answer was lost was made all the same", async () => {
    wrapGit(
      `if (args[0] === "push") process.on("exit", () => require("node:fs").rmSync(process.env.GIT_DIR, { recursive: true }));`,
    );
    const { version } = await (await open()).swap(null, documentOf(NAME), inTime());
    expect(repository.git(["rev-parse", refOf(NAME)])).toBe(version);
  });
});

test("a temporary folder that cannot be made has an error that names it, and can be made later", async () => {
  const store = await open();
  rmSync(temporary, { recursive: true });
  writeFileSync(temporary, "");
  const error = await failureOf(store.read([NAME], inTime()));
  expect(error).toMatchObject({ code: "temporary-folder-unusable", effect: "none" });
  expect(actionMessage(error)).toBe(
    `The folder for temporary files, ${temporary}, cannot be used (EEXIST: file already exists): let this user write there, and free space on its disk`,
  );
  rmSync(temporary);
  expect((await store.read([NAME], inTime())).records.size).toBe(0);
});

describe("the environment of the git command", () => {
  test("has no credentials of the action or of the commands, and all else", async () => {
    const runs = wrapGit();
    const secrets = [
      "INPUT_TOKEN",
      "STATE_record",
      "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
      "CRONYX_TOKEN",
      "CRONYX_PASSWORD",
    ];
    const env = Object.fromEntries([...secrets, "CRONYX_USERNAME", "CRONYX_URL"].map((name) => [name, TOKEN]));
    await (await open(env)).swap(null, documentOf(NAME), inTime());
    const given = runs().flatMap((run) => Object.entries(run.env).filter(([, value]) => value === TOKEN));
    expect(given).toEqual([["CRONYX_URL", TOKEN]]);
  });

  test("configuration, environment and hooks of the user's change nothing", async () => {
    const home = path.join(folder, "home");
    const mark = path.join(folder, "mark");
    const trap = `#!/bin/sh\necho trapped >> '${mark}'\nexit 1\n`;
    for (const place of [home, path.join(folder, "hooks"), path.join(folder, "template", "hooks")]) {
      mkdirSync(place, { recursive: true });
      for (const hook of ["pre-push", "reference-transaction", "post-checkout", "trap"]) {
        writeFileSync(path.join(place, hook), trap);
        chmodSync(path.join(place, hook), 0o755);
      }
    }
    const trapFile = path.join(home, "trap");
    const nowhere = pathToFileURL(path.join(folder, "nowhere")).href;
    const configuration = `
      [url "${nowhere}"]
        insteadOf = file://
        pushInsteadOf = file://
      [push]
        default = nothing
        gpgSign = true
        followTags = true
        recurseSubmodules = on-demand
      [core]
        hooksPath = ${path.join(folder, "hooks").replaceAll("\\", "/")}
        sshCommand = false
        compression = 0
      [commit]
        gpgSign = true
      [credential]
        helper = "!'${trapFile}'"
      [init]
        templateDir = ${path.join(folder, "template").replaceAll("\\", "/")}
        defaultObjectFormat = sha256
        defaultRefFormat = reftable
      [fetch]
        prune = true
        fsckObjects = true
        unpackLimit = 1
        recurseSubmodules = true
      [transfer]
        fsckObjects = true
        unpackLimit = 1
      [protocol]
        allow = never
      [protocol "file"]
        allow = never
      [alias]
        fetch = "!'${trapFile}'"
      [remote "origin"]
        url = ${nowhere}
      [color]
        ui = always
      [i18n]
        commitEncoding = latin1
    `;
    for (const file of [path.join(home, ".gitconfig"), path.join(folder, "config")]) writeFileSync(file, configuration);
    mkdirSync(path.join(home, ".config", "git"), { recursive: true });
    writeFileSync(path.join(home, ".config", "git", "config"), configuration);
    const hostile = {
      ...{
        HOME: home,
        USERPROFILE: home,
        XDG_CONFIG_HOME: path.join(home, ".config"),
        LANGUAGE: "de",
        LC_ALL: "de_DE.UTF-8",
      },
      ...{
        GIT_CONFIG_GLOBAL: path.join(folder, "config"),
        GIT_CONFIG_SYSTEM: path.join(folder, "config"),
        GIT_CONFIG: "x",
      },
      ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "protocol.file.allow", GIT_CONFIG_VALUE_0: "never" },
      ...{ GIT_CONFIG_PARAMETERS: "'protocol.file.allow'='never'", GIT_ALLOW_PROTOCOL: "https" },
      ...{ GIT_DIR: nowhere, GIT_WORK_TREE: nowhere, GIT_OBJECT_DIRECTORY: nowhere, GIT_INDEX_FILE: nowhere },
      ...{ GIT_NAMESPACE: "elsewhere", GIT_ALTERNATE_OBJECT_DIRECTORIES: nowhere, GIT_COMMON_DIR: nowhere },
      ...{
        GIT_ASKPASS: trapFile,
        GIT_EXEC_PATH: home,
        GIT_TEMPLATE_DIR: path.join(folder, "template"),
        GIT_TRACE: "1",
      },
      ...{ GIT_PROTOCOL: "version=0", GIT_QUARANTINE_PATH: nowhere, GIT_REF_PARANOIA: "1", GIT_DEFAULT_HASH: "sha256" },
    };

    const store = await open(hostile);
    const document = documentOf(NAME);
    const { version } = await store.swap(null, document, inTime());
    expect(repository.tip(refOf(NAME))).toBe(version);
    const { version: stale } = await store.swap(null, document, inTime());
    expect(stale).toBeNull();
    expect((await store.read([NAME], inTime())).records.get(NAME)).toMatchObject({ version, state: document });
    const { version: next } = await store.swap(version, document, inTime());
    expect(repository.tip(refOf(NAME))).toBe(next);
    expect(existsSync(mark)).toBe(false);
    expect(existsSync(path.join(folder, "nowhere"))).toBe(false);
  });

  test("an object that git has fetched, and keeps read-only, is left as it is", async () => {
    await (await open()).swap(null, documentOf(NAME), inTime());
    const store = await open();
    const version = (await store.read([NAME], inTime())).records.get(NAME)?.version ?? null;
    const [tree] = readdirSync(temporary)
      .map((entry) => path.join(temporary, entry, "objects", idOf(EMPTY_TREE).slice(0, 2), idOf(EMPTY_TREE).slice(2)))
      .filter((file) => existsSync(file) && (statSync(file).mode & 0o222) === 0);
    expect(tree).toBeDefined();
    utimesSync(tree ?? "", 1, 1);
    expect((await store.swap(version, documentOf(NAME), inTime())).version).not.toBeNull();
    expect(statSync(tree ?? "").mtimeMs).toBe(1_000);
  });

  test("another user's repository, a symbolic link to it and one with files in it are used", async () => {
    wrapGit('process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER = "1";');
    const link = path.join(folder, "link.git");
    symlinkSync(repository.folder, link, "junction");
    const checkout = path.join(folder, "checkout");
    repository.git(["init", "--quiet", checkout]);
    for (const at of [repository.folder, link, checkout, path.join(checkout, ".git")]) {
      const store = await open({}, at);
      const { version } = await store.swap(null, documentOf(at), inTime());
      expect((await store.read([at], inTime())).records.get(at)?.version).toBe(version);
    }
  });
});

describe("a repository that is unusable", () => {
  test.each(["read", "swap"] as const)("because it isn't there: a %s", async (call) => {
    const store = await open({}, path.join(folder, "nothing.git"));
    const error = await failureOf(
      call === "read" ? store.read([NAME], inTime()) : store.swap(null, documentOf(NAME), inTime()),
    );
    expect(error.code).toBe("repository-not-found");
    expect(actionMessage(error)).toMatch(
      /^file:\/\/.*nothing\.git does not exist on this machine \("git init --bare" makes a repository\): check the input url$/,
    );
  });

  test("because it is a folder of something else", async () => {
    const error = await failureOf((await open({}, folder)).read([NAME], inTime()));
    expect(error).toMatchObject({ code: "git-failed", effect: "none" });
    expect(actionMessage(error)).toMatch(
      /^file:.* cannot be reached by git fetch \(.*does not appear to be a git repository\): check the input url/,
    );
  });

  test.each(["read", "swap"] as const)("because there is no git: a %s", async (call) => {
    process.env.PATH = folder;
    const store = await open();
    const error = await failureOf(
      call === "read" ? store.read([NAME], inTime()) : store.swap(null, documentOf(NAME), inTime()),
    );
    expect(error).toMatchObject({ code: "git-missing", effect: "none" });
    expect(actionMessage(error)).toMatch(
      /^file:.* needs the git command, which cannot be run: install git, or use a git\+https: url, which needs none$/,
    );
  });
});

test("over ssh it runs GIT_SSH_COMMAND, and its error has the words of ssh", async () => {
  const ssh = path.join(folder, "ssh");
  const log = path.join(folder, "log");
  // An ssh that runs the remote command, its last argument, on this machine.
  writeFileSync(ssh, `#!/bin/sh\nfor command; do :; done\necho "$command" >> '${log}'\nexec sh -c "$command"\n`);
  chmodSync(ssh, 0o755);
  const env = { ...process.env, GIT_SSH_COMMAND: `'${ssh.replaceAll("\\", "/")}'`, GIT_SSH_VARIANT: "ssh" };
  const { pathname } = pathToFileURL(repository.folder);
  const store = await openStoreAt(`ssh://git@git.example.test${pathname}`, { temporary, env });
  opened.push(store);
  const { version } = await store.swap(null, documentOf(NAME), inTime());
  expect((await store.read([NAME], inTime())).records.get(NAME)?.version).toBe(version);
  expect(readFileSync(log, "utf8")).toMatch(/^git-receive-pack .*\ngit-upload-pack .*\n$/);

  const locked = await openStoreAt("ssh://git@git.example.test/locks.git", {
    temporary,
    env: {
      ...process.env,
      GIT_SSH_COMMAND: "echo 'git@git.example.test: Permission denied (publickey).' >&2; exit 255; :",
    },
  });
  opened.push(locked);
  const error = await failureOf(locked.read([NAME], inTime()));
  expect(error).toMatchObject({ code: "git-failed", effect: "none" });
  expect(actionMessage(error)).toContain(
    "(git@git.example.test: Permission denied (publickey)): check the input url, and for ssh",
  );
});

test("an earlier push leaves no objects that a later read takes for the present ones", async () => {
  const store = await open();
  const { version } = await store.swap(null, documentOf(NAME), inTime());
  expect((await store.read([NAME], inTime())).records.get(NAME)?.version).toBe(version);
  repository.git(["update-ref", "-d", refOf(NAME)]);
  expect((await store.read([NAME], inTime())).records.size).toBe(0);
});
