import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync, inflateSync } from "node:zlib";
import { getExecOutput } from "@actions/exec";
import {
  type RemoteErrorCode,
  ServiceError,
  type ServiceErrorCode,
  type ServiceErrorDetails,
} from "../../errors/service-error.ts";
import type { RepositoryLocation } from "../../location/location.ts";
import type { Deadline } from "../../network/deadline.ts";
import { retrying } from "../../network/retry.ts";
import {
  type NoContact,
  noContactIn,
  otherSide,
  type PushLine,
  pushLineIn,
  remoteErrorIn,
  remoteMessages,
} from "./git-command-words.ts";
import type { Fetched, FetchedTip, GitRemote, PushAnswer, RefUpdate, Tip } from "./git-remote.ts";
import { EMPTY_TREE, type GitObject, idOf, NO_OBJECT, type ObjectId, type ObjectType, withHeader } from "./objects.ts";
import { codeOfRefusal, MISSING, refusedUpdate } from "./refusal.ts";

/** git reports failures in prose only. One whose cause is not clear is tried this often in all. */
const MOST_ATTEMPTS = 3;

/** git's exit code for an option that it does not know. */
const USAGE = 129;
/** git 2.29 knows all options that are used here. */
const LEAST_MAJOR = 2;
const LEAST_MINOR = 29;

const LARGEST_OBJECT = 1024 * 1024;

export interface GitCommandOptions {
  readonly location: RepositoryLocation;
  /** The environment. Of git's own variables only those about running ssh are kept. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly log: (line: string) => void;
}

/**
 * A repository that only the git command can reach, by `file:` or `ssh:`. It works in a bare repository of its own, in a
 * temporary folder, whose files it writes and reads directly: a read is one process (`git fetch`), a push another one
 * (`git push`).
 *
 * @see https://git-scm.com/docs/git-push
 * @see https://git-scm.com/docs/gitrepository-layout
 */
export class GitCommandRemote implements GitRemote {
  readonly place: string;
  readonly #location: RepositoryLocation;
  readonly #env: Readonly<Record<string, string>>;
  readonly #temporary: string;
  readonly #log: (line: string) => void;
  #folder: Promise<string> | undefined;

  constructor({ location, env, temporary, log }: GitCommandOptions) {
    this.place = location.url.href;
    this.#location = location;
    this.#env = environmentFrom(env);
    this.#temporary = temporary;
    this.#log = log;
  }

  async tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    return (await this.#listed(refs, deadline)).filter(({ ref }) => refs.includes(ref));
  }

  async #listed(patterns: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    const { stdout } = await this.#reading(["ls-remote", "--quiet", this.place, ...patterns], deadline);
    return stdout.split("\n").flatMap((line) => {
      const [, id, ref] = /^([0-9a-f]{40})\t(.+)$/.exec(line) ?? [];
      return id === undefined || ref === undefined ? [] : [{ ref, id }];
    });
  }

  async fetch(refs: readonly string[] | { readonly prefix: string }, deadline: Deadline): Promise<Fetched> {
    // Patterns, since a pattern may match nothing: a ref that does not exist would be an error like any other.
    const patterns = "prefix" in refs ? [`${refs.prefix}*`] : refs.map((ref) => `${ref}*`);
    // git shows no answer's time, and a folder on this machine has this machine's clock.
    const now = null;
    try {
      await this.#fetchAll(patterns, deadline);
      const folder = await this.#repository();
      return { tips: await this.#fetched("prefix" in refs ? await refsUnder(folder, refs.prefix) : refs), now };
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === "ref-without-object")) throw error;
    }
    // git fetches nothing where one object is missing.
    const listed = await this.#listed(patterns, deadline);
    const tips: FetchedTip[] = [];
    for (const tip of listed.filter(({ ref }) => "prefix" in refs || refs.includes(ref))) {
      try {
        await this.#fetchAll([tip.ref], deadline);
        tips.push(...(await this.#fetched([tip.ref])));
      } catch (error) {
        if (!(error instanceof ServiceError && error.code === "ref-without-object")) throw error;
        tips.push({ ...tip, object: { type: "missing", words: error.problem } });
      }
    }
    return { tips, now };
  }

  async #fetched(refs: readonly string[]): Promise<readonly FetchedTip[]> {
    const folder = await this.#repository();
    const tips: FetchedTip[] = [];
    for (const ref of refs) {
      const id = await readIfThere(path.join(folder, ref));
      if (id !== null) tips.push({ ref, id: id.trim(), object: await this.#object(folder, id.trim()) });
    }
    return tips;
  }

  async #fetchAll(patterns: readonly string[], deadline: Deadline): Promise<void> {
    // A ref that was fetched before may no longer exist in the repository, and `git fetch` would leave it here.
    await rm(path.join(await this.#repository(), "refs", "cronyx"), { recursive: true, force: true });
    const refspecs = patterns.map((pattern) => `+${pattern}:${pattern}`);
    // Depth 1 is for a ref whose commit has parents: without it git would fetch the whole history.
    const options = ["--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
    await this.#reading(["fetch", ...options, this.place, ...refspecs], deadline);
  }

  /** Runs a git command that changes nothing in the repository. */
  async #reading(args: readonly string[], deadline: Deadline): Promise<{ readonly stdout: string }> {
    let attempts = 0;
    const { result } = await retrying(deadline, this.#log, async () => {
      const { exitCode, stdout, stderr } = await this.#git(args, deadline);
      // With a depth, git exits with 1 and no message where nothing matches.
      if (exitCode === 0 || (exitCode === 1 && stderr === "")) return { stdout };
      if (exitCode === USAGE) await this.#checkVersion(deadline);
      throw await this.#readFailure(`git ${args[0]}`, stderr, ++attempts < MOST_ATTEMPTS ? 0 : undefined);
    });
    return result;
  }

  async #checkVersion(deadline: Deadline): Promise<void> {
    const { stdout } = await this.#git(["version"], deadline);
    const [, version, major, minor] = /(([0-9]+)\.([0-9]+)\S*)/.exec(stdout) ?? [];
    if (version === undefined) return;
    if (Number(major) > LEAST_MAJOR || (Number(major) === LEAST_MAJOR && Number(minor) >= LEAST_MINOR)) return;
    const problem = `needs git ${LEAST_MAJOR}.${LEAST_MINOR} or newer here, and this machine has ${version}`;
    throw this.#failure("git-too-old", problem, { effect: "none" });
  }

  async push({ ref, from, to, commit, isChained }: RefUpdate, deadline: Deadline): Promise<PushAnswer> {
    const folder = await this.#repository();
    // git leaves the parent out of what it sends, but needs it here for that.
    if (isChained && (await readIfThere(objectPath(folder, from))) === null)
      await this.#fetchAll([`${ref}*`], deadline);
    for (const object of commit === null ? [] : [commit, EMPTY_TREE]) await writeObject(folder, object);
    const lease = `--force-with-lease=${ref}:${from === NO_OBJECT ? "" : from}`;
    const refspec = `${commit === null ? "" : to}:${ref}`;
    const args = ["push", "--porcelain", "--no-verify", lease, this.place, refspec];
    const { stdout, stderr } = await this.#git(args, deadline);
    const line = pushLineIn(stdout, refspec);
    if (line?.outcome === "moved") return { outcome: "moved" };
    return { outcome: "failed", failure: this.#pushFailure(ref, line, stderr) };
  }

  #pushFailure(ref: string, line: PushLine | null, stderr: string): ServiceError {
    const forbidden = "key-may-not-write";
    if (line?.outcome === "unsent") {
      // Where the ref has moved, this failure counts for nothing: docs/locks.md. Otherwise the server hides it from pushes.
      const problem = `does not let pushes see ${ref} (${line.reason})`;
      return this.#failure("update-refused", problem, { effect: "none", ref: { repository: this.place, name: ref } });
    }
    if (line?.outcome === "refused") {
      return refusedUpdate({
        place: this.place,
        ref,
        reason: line.reason,
        messages: remoteMessages(stderr),
        forbidden,
      });
    }
    const contact = noContactIn(stderr);
    if (contact !== null) return this.#contactFailure("git push", contact, { forbidden, retryAfter: 0 });
    const refusal = remoteErrorIn(stderr);
    if (refusal !== null) return refusedUpdate({ place: this.place, ref, reason: refusal, messages: "", forbidden });
    const problem = `gave no answer to git push (${line === null ? otherSide(stderr) : "up to date"})`;
    return this.#failure("git-failed", problem, { effect: "possible", retryAfter: 0 });
  }

  async close(): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Makes a bare repository as files: what `git init` does, without a process and without templates. */
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

  /** All configuration that applies, in place of the user's and the system's. */
  #configuration(): string {
    // For a repository on this machine, the git process at the other end reads this configuration too. So nothing here
    // may change what it does: its hooks, its housekeeping.
    const lines = [
      // Fetched objects as files, however many: they are read without git.
      "[fetch]\n\tunpackLimit = 1000000",
    ];
    // git wants consent for a repository that another user owns. Naming it in `url` is that consent. It cannot be given
    // for the one folder: git compares the folder that it opens in the end, such as a `.git` inside.
    if (this.#location.transport === "file") lines.push("[safe]\n\tdirectory = *");
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
        const effect = args[0] === "push" ? "possible" : "none";
        reject(this.#failure("unreachable", `gave no answer to git ${args[0]} in time`, { effect }));
      };
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true, signal: stop.signal });
    });
    try {
      return await Promise.race([run, outOfTime]);
    } catch (cause) {
      if (cause instanceof ServiceError) throw cause;
      throw this.#failure("git-missing", "needs the git command, which cannot be run", { effect: "none", cause });
    } finally {
      stop.abort();
    }
  }

  async #readFailure(command: string, stderr: string, retryAfter: number | undefined): Promise<ServiceError> {
    const cause = new Error(stderr.trim());
    if (this.#location.transport === "file") {
      const isReadable = await access(fileURLToPath(this.#location.url), constants.R_OK).then(
        () => true,
        () => false,
      );
      if (!isReadable) {
        return this.#failure("repository-not-found", "is no repository that can be read", { effect: "none", cause });
      }
    }
    if (/mismatched algorithms|unknown repository extension.*objectformat/i.test(stderr)) {
      const problem = "cannot keep locks (its objects have SHA-256 ids)";
      return this.#failure("repository-unsupported", problem, { effect: "none", cause });
    }
    const contact = noContactIn(stderr);
    if (contact !== null) return this.#contactFailure(command, contact, { forbidden: "git-failed", retryAfter, cause });
    const words = remoteErrorIn(stderr) ?? otherSide(stderr);
    if (MISSING.test(words)) return this.#failure("ref-without-object", words, { effect: "none", cause });
    const problem = `cannot be reached by ${command} (${words})`;
    return this.#failure("git-failed", problem, { effect: "none", retryAfter, cause });
  }

  /** Nothing was sent there. */
  #contactFailure(
    command: string,
    { words, mayPass }: NoContact,
    { forbidden, retryAfter, cause }: ErrorOptions & { forbidden: RemoteErrorCode; retryAfter: number | undefined },
  ): ServiceError {
    const code = mayPass ? "git-failed" : (codeOfRefusal(words, forbidden) ?? "git-failed");
    const problem = `cannot be reached by ${command}${words === "" ? "" : ` (${words})`}`;
    return this.#failure(code, problem, { effect: "none", retryAfter: mayPass ? retryAfter : undefined, cause });
  }

  #failure(
    code: ServiceErrorCode,
    problem: string,
    details: Omit<ServiceErrorDetails, "place" | "problem">,
  ): ServiceError {
    return new ServiceError(code, { place: this.place, problem, ...details });
  }

  async #object(folder: string, id: ObjectId): Promise<GitObject> {
    const file = await readFile(objectPath(folder, id)).catch(() => null);
    if (file === null) throw this.#notALock(`git fetched ${id} without its content`);
    const content = inflated(file);
    if (content === null) throw this.#notALock(`the object ${id} is damaged, or of over ${LARGEST_OBJECT} bytes`);
    const header = content.indexOf(0);
    return {
      type: content.toString("latin1", 0, content.indexOf(" ")) as ObjectType,
      body: content.subarray(header + 1),
    };
  }

  #notALock(why: string): ServiceError {
    return this.#failure("not-a-repository", `cannot keep locks (${why})`, { effect: "none" });
  }
}

/**
 * Of git's own variables only those about running ssh are kept: others could name another repository, configuration or
 * hooks. The runner's inputs and tokens are dropped too: the hooks of a repository on this machine would see them.
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
  // An object that git has fetched exists already, as a read-only file.
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
