import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync, inflateSync } from "node:zlib";
import { getExecOutput } from "@actions/exec";
import type { Deadline } from "../../network/deadline.ts";
import { PassingFault, retrying } from "../../network/retry.ts";
import { StoreError } from "../job-store.ts";
import type { StoreTerms } from "../terms.ts";
import type { GitRemote, PushAnswer, RefUpdate, Tip } from "./git-remote.ts";
import { EMPTY_TREE, type GitObject, idOf, NO_OBJECT, type ObjectId, type ObjectType, withHeader } from "./objects.ts";

/** git tells what went wrong in prose alone. So a fault that can't be told apart is tried again this often, no more. */
const MOST_TRIES = 3;

const LARGEST_OBJECT = 1024 * 1024;

/**
 * A repository that only the git command can reach, by `file:` or `ssh:`. It works in a bare repository of its own, in
 * a temporary folder, which it writes and reads as files: a read is one process (`git fetch`), a push another one
 * (`git push`).
 *
 * @see https://git-scm.com/docs/git-push
 * @see https://git-scm.com/docs/gitrepository-layout
 */
export class CliRemote implements GitRemote {
  readonly place: string;
  readonly #url: URL;
  readonly #env: Readonly<Record<string, string>>;
  readonly #temporary: string;
  readonly #log: (line: string) => void;
  readonly #terms: StoreTerms;
  #folder: Promise<string> | undefined;

  /**
   * @param url `file:` or `ssh:`.
   * @param env The environment; of git's own variables only those that say how to run ssh are kept.
   * @param temporary The folder to make temporary folders in.
   */
  constructor(
    url: URL,
    env: Readonly<Record<string, string | undefined>>,
    temporary: string,
    log: (line: string) => void,
    terms: StoreTerms,
  ) {
    this.place = url.href;
    this.#url = url;
    this.#env = environmentFrom(env);
    this.#temporary = temporary;
    this.#log = log;
    this.#terms = terms;
  }

  async tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    return (await this.fetch(refs, deadline)).map(({ ref, id }) => ({ ref, id }));
  }

  async fetch(
    refs: readonly string[] | { prefix: string },
    deadline: Deadline,
  ): Promise<readonly (Tip & { object: GitObject })[]> {
    const folder = await this.#repository();
    // What was fetched before may be gone by now, and fetch leaves it where it is.
    await rm(path.join(folder, "refs", "cronyx"), { recursive: true, force: true });
    // A pattern may match nothing; a ref that isn't there would be an error like any other.
    const patterns = "prefix" in refs ? [`${refs.prefix}*`] : refs.map((ref) => `${ref}*`);
    const refspecs = patterns.map((pattern) => `+${pattern}:${pattern}`);
    // Depth 1 is for a ref that someone made point to a commit with a long history.
    const options = ["--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
    let tries = 0;
    await retrying(deadline, this.#log, async () => {
      const { exitCode, stderr } = await this.#git(["fetch", ...options, this.#url.href, ...refspecs], deadline);
      // With a depth, git exits with 1 and without a word where nothing matches.
      if (exitCode === 0 || (exitCode === 1 && stderr === "")) return;
      const fault = await this.#unreachable(stderr);
      throw ++tries < MOST_TRIES && fault.code === "unreachable"
        ? new PassingFault(fault.message, { cause: fault })
        : fault;
    }).catch((error) => {
      throw error instanceof PassingFault ? error.cause : error;
    });

    const found: (Tip & { object: GitObject })[] = [];
    for (const ref of "prefix" in refs ? await refsUnder(folder, refs.prefix) : refs) {
      const id = await readIfThere(path.join(folder, ref));
      if (id !== null) found.push({ ref, id: id.trim(), object: await this.#object(folder, id.trim()) });
    }
    return found;
  }

  async push({ ref, from, to, commit }: RefUpdate, deadline: Deadline): Promise<PushAnswer> {
    const folder = await this.#repository();
    for (const object of [commit, EMPTY_TREE]) await writeObject(folder, object);
    const expected = from === NO_OBJECT ? "" : from;
    const lease = `--force-with-lease=${ref}:${expected}`;
    const { stdout, stderr } = await this.#git(
      ["push", "--porcelain", "--no-verify", lease, this.#url.href, `${to}:${ref}`],
      deadline,
    );

    const line = stdout.split("\n").find((text) => text.includes(`\t${to}:${ref}\t`));
    if (line === undefined) return { outcome: "unknown", cause: new Error(lastLineOf(stderr)) };
    const [flag = "", , summary = ""] = line.split("\t");
    if (flag === "!") return { outcome: "rejected", words: [summary.trim(), ...remoteWords(stderr)].join("; ") };
    // "=" is "up to date": it may be our own push, whose answer was lost.
    return flag === "=" ? { outcome: "unknown", cause: new Error(summary) } : { outcome: "taken" };
  }

  async close(): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** A bare repository, made as files: what `git init` would do, without its process and without its templates. */
  #repository(): Promise<string> {
    this.#folder ??= (async () => {
      const folder = await mkdtemp(path.join(this.#temporary, "cronyx-"));
      await mkdir(path.join(folder, "objects"));
      await mkdir(path.join(folder, "refs"));
      await writeFile(path.join(folder, "HEAD"), "ref: refs/heads/main\n");
      await writeFile(path.join(folder, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
      await writeFile(path.join(folder, "gitconfig"), this.#configuration());
      return folder;
    })();
    return this.#folder;
  }

  /** All the configuration that counts, in place of the user's and the system's. */
  #configuration(): string {
    // Where the repository is on this machine, git's other half runs with this configuration too: nothing here may
    // change what it does, such as its hooks and its housekeeping.
    const lines = [
      // Fetched objects as files, whatever their number: they are read without git.
      "[fetch]\n\tunpackLimit = 1000000",
    ];
    // Naming the repository in the input `url` is the consent that git asks for where another user owns it. By its
    // name it couldn't be given for sure: git compares the folder that it finds in the end, such as one's `.git`.
    if (this.#url.protocol === "file:") lines.push("[safe]\n\tdirectory = *");
    return `${lines.join("\n")}\n`;
  }

  async #git(
    args: readonly string[],
    deadline: Deadline,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const folder = await this.#repository();
    const env = { ...this.#env, GIT_CONFIG_GLOBAL: path.join(folder, "gitconfig"), GIT_DIR: folder };
    const run = getExecOutput("git", [...args], { env, cwd: folder, silent: true, ignoreReturnCode: true });
    const { signal } = deadline;
    const stop = new AbortController();
    const outOfTime = new Promise<never>((_, reject) => {
      const giveUp = () => {
        const unsettled = args[0] === "push";
        reject(new StoreError("unreachable", `git ${args[0]} got no answer from ${this.place} in time`, { unsettled }));
      };
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true, signal: stop.signal });
    });
    try {
      return await Promise.race([run, outOfTime]);
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      throw new StoreError(
        "unusable",
        `git can't be run, and ${this.place} can be reached by nothing else: install git, or use a git+https: url, which needs none`,
        { cause },
      );
    } finally {
      stop.abort();
    }
  }

  async #unreachable(stderr: string): Promise<StoreError> {
    const cause = new Error(stderr.trim());
    if (this.#url.protocol === "file:") {
      const folder = fileURLToPath(this.#url);
      const there = await access(folder, constants.R_OK).then(
        () => true,
        () => false,
      );
      if (!there)
        return new StoreError(
          "not-found",
          `There is no repository at ${this.place} that can be read: check ${this.#terms.url}`,
          { cause },
        );
    }
    return new StoreError(
      "unreachable",
      `git can't fetch from ${this.place} (${lastLineOf(stderr)}): check ${this.#terms.url}, and for ssh the key and the known hosts`,
      { cause },
    );
  }

  async #object(folder: string, id: ObjectId): Promise<GitObject> {
    const file = await readFile(objectPath(folder, id)).catch(() => null);
    if (file === null) throw new StoreError("unusable", `git fetched ${id} from ${this.place} without its content`);
    const content = inflated(file);
    if (content === null) {
      throw new StoreError(
        "unusable",
        `${this.place} can't keep locks (the object ${id} is damaged, or of over ${LARGEST_OBJECT} bytes): check what the job's ref points to`,
      );
    }
    const header = content.indexOf(0);
    return {
      type: content.toString("latin1", 0, content.indexOf(" ")) as ObjectType,
      body: content.subarray(header + 1),
    };
  }
}

/**
 * Nothing of git's comes along but how to run ssh: other variables could name another repository, config or hooks. And
 * no inputs and tokens of the runner's do, which the hooks of a repository on this machine would get to see.
 */
function environmentFrom(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && (!/^(GIT|INPUT|STATE|ACTIONS)_/i.test(name) || /^GIT_SSH(_COMMAND|_VARIANT)?$/i.test(name))
      ? [[name, value] as const]
      : [],
  );
  return {
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=15",
    ...Object.fromEntries(kept),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
}

async function refsUnder(folder: string, prefix: string): Promise<string[]> {
  const names = await readdir(path.join(folder, prefix)).catch(() => []);
  return names.map((name) => prefix + name);
}

async function writeObject(folder: string, object: GitObject): Promise<void> {
  const file = objectPath(folder, idOf(object));
  await mkdir(path.dirname(file), { recursive: true });
  // What git has fetched already is there, and read-only.
  await writeFile(file, deflateSync(withHeader(object)), { flag: "wx" }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
}

function inflated(file: Buffer): Buffer | null {
  try {
    return inflateSync(file, { maxOutputLength: LARGEST_OBJECT });
  } catch {
    return null;
  }
}

function objectPath(folder: string, id: ObjectId): string {
  return path.join(folder, "objects", id.slice(0, 2), id.slice(2));
}

async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch(() => null);
}

/** What the other side wants people to read, such as its hooks' words. */
function remoteWords(stderr: string): string[] {
  return [...stderr.matchAll(/^remote: *(\S.*?)\s*$/gm)].map(([, words = ""]) => words.slice(0, 300));
}

/** The line that tells the most: the last one, but for what git says of every repository that it can't reach. */
function lastLineOf(stderr: string): string {
  const [before = ""] = stderr.split("fatal: Could not read from remote repository.");
  return (before.trim() || stderr.trim()).split("\n").at(-1)?.trim().slice(0, 300) ?? "";
}
