import { constants, existsSync } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Effect,
  type RemoteErrorCode,
  ServiceError,
  type ServiceErrorCode,
  type ServiceErrorDetails,
} from "../../errors/service-error.ts";
import type { RepositoryLocation } from "../../location/location.ts";
import type { Deadline } from "../../network/deadline.ts";
import type { Environment } from "../../network/environment.ts";
import { retrying } from "../../network/retry.ts";
import {
  type NoContact,
  noContactIn,
  type PushLine,
  pushLineIn,
  remoteErrorIn,
  remoteMessages,
  wordsOf,
} from "./git-command-words.ts";
import { configurationFor, environmentFrom } from "./git-environment.ts";
import { type GitOutput, LostOutput, runGit } from "./git-process.ts";
import type { Fetched, FetchedTip, GitRemote, PushAnswer, RefUpdate, Tip } from "./git-remote.ts";
import { EMPTY_TREE, NO_OBJECT } from "./objects.ts";
import { REF_PREFIX } from "./ref-name.ts";
import { TemporaryRepository } from "./temporary-repository.ts";

/** How often a command is tried whose failure has no clear cause: git reports failures in prose only. */
const MOST_ATTEMPTS = 3;

/** git's exit code for an option that it does not know. */
const USAGE = 129;
const OTHER_HASH =
  /^(?!remote: ).*(mismatched algorithms|repository's hash algorithm|unknown repository extension.*objectformat)/im;
/** git 2.29 knows all options that are used here. */
const LEAST_MAJOR = 2;
const LEAST_MINOR = 29;

export interface GitCommandOptions {
  readonly location: RepositoryLocation;
  /** The environment of this process, from which git gets its own: `environmentFrom`. */
  readonly env: Environment;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly log: (line: string) => void;
}

/**
 * A repository that only the git command can reach, by `file:` or `ssh:`. The command fetches into a temporary bare
 * repository and pushes from there. This class writes and reads the files of that repository itself, so a read is one
 * process (`git fetch`), and a push is one too (`git push`).
 *
 * @see https://git-scm.com/docs/git-push
 */
export class GitCommandRemote implements GitRemote {
  readonly place: string;
  readonly #location: RepositoryLocation;
  readonly #env: Readonly<Record<string, string>>;
  readonly #repository: TemporaryRepository;
  readonly #log: (line: string) => void;

  constructor({ location, env, temporary, log }: GitCommandOptions) {
    this.place = location.url.href;
    this.#location = location;
    this.#env = environmentFrom(env);
    this.#repository = new TemporaryRepository({ temporary, configuration: configurationFor(location) });
    this.#log = log;
  }

  async tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    await this.#repository.makeWhole();
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
    await this.#repository.makeWhole();
    // A pattern may match nothing. For the name of a ref that does not exist, git would report an error like any other.
    const patterns = "prefix" in refs ? [`${refs.prefix}*`] : refs.map((ref) => `${ref}*`);
    // The git command does not print the time of a server, and a folder on this machine has this machine's clock.
    const now = null;
    try {
      await this.#fetchAll(patterns, deadline);
      const fetched = "prefix" in refs ? await this.#repository.refsUnder(refs.prefix) : refs;
      return { tips: await this.#fetchedTips(fetched), now };
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === "ref-without-object")) throw error;
    }
    // git fetches nothing where one object is missing.
    const listed = await this.#listed(patterns, deadline);
    const tips: FetchedTip[] = [];
    for (const tip of listed.filter(({ ref }) => "prefix" in refs || refs.includes(ref))) {
      try {
        await this.#fetchAll([tip.ref], deadline);
        tips.push(...(await this.#fetchedTips([tip.ref])));
      } catch (error) {
        if (!(error instanceof ServiceError && error.code === "ref-without-object")) throw error;
        tips.push({ ...tip, object: { type: "unusable", code: "ref-without-object", words: error.problem } });
      }
    }
    return { tips, now };
  }

  async #fetchedTips(refs: readonly string[]): Promise<readonly FetchedTip[]> {
    const tips: FetchedTip[] = [];
    for (const ref of refs) {
      const id = await this.#repository.tipOf(ref);
      if (id === null) continue;
      const object = await this.#repository.object(id);
      if (object === null) {
        const problem = `cannot keep locks (git fetched ${id} without its content)`;
        throw this.#failure("not-a-repository", problem, { effect: "none" });
      }
      tips.push({ ref, id, object });
    }
    return tips;
  }

  async #fetchAll(patterns: readonly string[], deadline: Deadline): Promise<void> {
    // A ref that was fetched before may no longer exist in the repository, and `git fetch` would leave it here.
    await this.#repository.removeRefs(REF_PREFIX);
    const refspecs = patterns.map((pattern) => `+${pattern}:${pattern}`);
    // Depth 1 is for a ref whose commit has parents: without it git would fetch the whole history.
    const options = ["--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
    await this.#reading(["fetch", ...options, this.place, ...refspecs], deadline);
  }

  /** Runs a git command that changes nothing in the repository. */
  async #reading(args: readonly string[], deadline: Deadline): Promise<{ readonly stdout: string }> {
    let attempts = 0;
    const { result } = await retrying(deadline, this.#log, async () => {
      const output = await this.#git(args, deadline, "none");
      const { exitCode, stdout, stderr } = output;
      // With a depth, git exits with 1 and no message where nothing matches.
      if (exitCode === 0 || (exitCode === 1 && stderr === "")) return { stdout };
      if (exitCode === USAGE) await this.#checkVersion(deadline);
      throw await this.#readFailure(`git ${args[0]}`, output, ++attempts < MOST_ATTEMPTS ? 0 : undefined);
    });
    return result;
  }

  async #checkVersion(deadline: Deadline): Promise<void> {
    const { stdout } = await this.#git(["version"], deadline, "none");
    const [, version, major, minor] = /(([0-9]+)\.([0-9]+)\S*)/.exec(stdout) ?? [];
    if (version === undefined) return;
    if (Number(major) > LEAST_MAJOR || (Number(major) === LEAST_MAJOR && Number(minor) >= LEAST_MINOR)) return;
    const problem = `needs git ${LEAST_MAJOR}.${LEAST_MINOR} or newer here, and this machine has ${version}`;
    throw this.#failure("git-too-old", problem, { effect: "none" });
  }

  async push({ ref, from, to, commit, isChained }: RefUpdate, deadline: Deadline): Promise<PushAnswer> {
    await this.#repository.makeWhole();
    // git does not send the parent. To leave it out, git must find it in the temporary repository.
    if (isChained && (await this.#repository.object(from)) === null) await this.#fetchAll([`${ref}*`], deadline);
    for (const object of commit === null ? [] : [commit, EMPTY_TREE]) await this.#repository.write(object);
    const isForced = commit === null && from === NO_OBJECT;
    if (isForced && this.#location.transport === "file") return this.#removeHere(ref, deadline);
    const lease = isForced ? "--force" : `--force-with-lease=${ref}:${from === NO_OBJECT ? "" : from}`;
    const refspec = `${commit === null ? "" : to}:${ref}`;
    const args = ["push", "--porcelain", "--no-verify", lease, this.place, refspec];
    let output: GitOutput;
    try {
      output = await this.#git(args, deadline, "possible");
    } catch (cause) {
      if (cause instanceof ServiceError && cause.retryAfter !== null) return { outcome: "failed", failure: cause };
      throw cause;
    }
    const line = pushLineIn(output.stdout, refspec);
    if (line?.outcome === "moved") return { outcome: "moved" };
    return { outcome: "failed", failure: await this.#pushFailure(ref, line, output) };
  }

  /** A push cannot remove a ref whose object is damaged: git reads the object first. */
  async #removeHere(ref: string, deadline: Deadline): Promise<PushAnswer> {
    const folder = fileURLToPath(this.#location.url);
    const inside = path.join(folder, ".git");
    const gitDir = existsSync(inside) ? inside : folder;
    const args = [`--git-dir=${gitDir}`, "update-ref", "-d", ref];
    const { exitCode, stderr } = await this.#git(args, deadline, "possible");
    if (exitCode === 0) return { outcome: "moved" };
    const about = { place: this.place, ref, messages: "", forbidden: "git-failed" } as const;
    const { refusedUpdate } = await loadRefusals();
    return { outcome: "failed", failure: refusedUpdate({ ...about, reason: stderr }) };
  }

  async #pushFailure(ref: string, line: PushLine | null, output: GitOutput): Promise<ServiceError> {
    const { stderr } = output;
    const { refusedUpdate } = await loadRefusals();
    const forbidden = "key-may-not-write";
    if (line?.outcome === "unsent") {
      // If the ref has moved, the store ignores this failure: docs/locks.md. If not, the server hides the ref from pushes.
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
    // In a repository without any ref, only a push shows the other hash. git fails before it sends anything.
    if (OTHER_HASH.test(stderr)) return this.#otherHash(new Error(stderr.trim()));
    const contact = noContactIn(stderr);
    if (contact !== null) return this.#contactFailure("git push", contact, { forbidden, retryAfter: 0 });
    const refusal = remoteErrorIn(stderr);
    if (refusal !== null) return refusedUpdate({ place: this.place, ref, reason: refusal, messages: "", forbidden });
    const problem = `gave no answer to git push (${line === null ? wordsOf(output) : "up to date"})`;
    return this.#failure("git-failed", problem, { effect: "possible", retryAfter: 0 });
  }

  async close(): Promise<void> {
    await this.#repository.close();
  }

  /** @param effect The effect of a command that the deadline cuts off, or whose output was lost. */
  async #git(args: readonly string[], deadline: Deadline, effect: Effect): Promise<GitOutput> {
    const env = { ...this.#env, ...(await this.#repository.environment()) };
    const cwd = await this.#repository.folder();
    const command = args.find((arg) => !arg.startsWith("--"));
    const output = await runGit(args, { env, cwd, deadline }).catch((cause) => {
      if (cause instanceof LostOutput) {
        throw this.#failure("git-failed", `gave an answer to git ${command} that was lost (${cause.message})`, {
          effect,
          retryAfter: 0,
          cause,
        });
      }
      throw this.#failure("git-missing", "needs the git command, which cannot be run", { effect: "none", cause });
    });
    if (output !== null) return output;
    throw this.#failure("unreachable", `gave no answer to git ${command} in time`, { effect });
  }

  async #readFailure(command: string, output: GitOutput, retryAfter: number | undefined): Promise<ServiceError> {
    const { stderr } = output;
    const cause = new Error(stderr.trim());
    if (this.#location.transport === "file") {
      const why = await problemOfFolder(fileURLToPath(this.#location.url));
      if (why !== null) return this.#failure("repository-not-found", why, { effect: "none", isLocal: true, cause });
    }
    if (OTHER_HASH.test(stderr)) return this.#otherHash(cause);
    const contact = noContactIn(stderr);
    if (contact !== null) return this.#contactFailure(command, contact, { forbidden: "git-failed", retryAfter, cause });
    const words = remoteErrorIn(stderr) ?? wordsOf(output);
    const { OBJECT_MISSING } = await loadRefusals();
    if (OBJECT_MISSING.test(words)) return this.#failure("ref-without-object", words, { effect: "none", cause });
    const problem = `cannot be reached by ${command} (${words})`;
    return this.#failure("git-failed", problem, { effect: "none", retryAfter, cause });
  }

  #otherHash(cause: Error): ServiceError {
    const problem = "cannot keep locks (its objects have SHA-256 ids)";
    return this.#failure("repository-unsupported", problem, { effect: "none", cause });
  }

  /** The connection failed before git sent anything. */
  async #contactFailure(
    command: string,
    { words, isTransient }: NoContact,
    { forbidden, retryAfter, cause }: ErrorOptions & { forbidden: RemoteErrorCode; retryAfter: number | undefined },
  ): Promise<ServiceError> {
    const { codeOfRefusal } = await loadRefusals();
    const code = isTransient ? "git-failed" : (codeOfRefusal(words, forbidden) ?? "git-failed");
    const problem = `cannot be reached by ${command}${words === "" ? "" : ` (${words})`}`;
    return this.#failure(code, problem, { effect: "none", retryAfter: isTransient ? retryAfter : undefined, cause });
  }

  #failure(
    code: ServiceErrorCode,
    problem: string,
    details: Omit<ServiceErrorDetails, "place" | "problem">,
  ): ServiceError {
    return new ServiceError(code, { place: this.place, problem, ...details });
  }
}

/** @returns why a folder can be no repository, or null. */
async function problemOfFolder(folder: string): Promise<string | null> {
  try {
    await access(folder, constants.R_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
      ? 'does not exist on this machine ("git init --bare" makes a repository)'
      : "is no repository that can be read";
  }
}

/** Loaded only here: most calls do not fail. */
function loadRefusals() {
  return import(/* webpackChunkName: "failure" */ "./refusal.ts");
}
