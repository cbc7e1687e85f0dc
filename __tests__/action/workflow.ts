import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Exchange, serveGit } from "../../demo/git-server.mjs";
import { runOf, Step, type StepResult } from "../../demo/runner.mjs";
import type { JobState, Lock } from "../../src/scheduler/state-document.ts";
import { refOf } from "../../src/store/git/ref-name.ts";

/** Where the runner finds the action: the committed bundles. */
const DIST = path.resolve(import.meta.dirname, "../../dist");

/** What main tells post if there is no lock to end: every key. What it left out, a job's `env:` could forge. */
export const NOTHING_TO_END = {
  url: "",
  jobName: "",
  lockId: "",
  started: "false",
  willBeTakenOver: "false",
  record: "null",
};

export type Inputs = Readonly<Record<string, string>>;

/**
 * A bare repository that keeps locks, served over HTTP on loopback, and workflow runs that use it. What it holds is
 * written and read by git itself.
 */
export class LocksRepository {
  readonly httpUrl: string;
  readonly fileUrl: string;
  /** What it was asked over HTTP, in order. */
  readonly exchanges: readonly Exchange[];
  readonly #folder: string;
  readonly #bare: string;
  readonly #server: Awaited<ReturnType<typeof serveGit>>;

  static async serve(options: Omit<Parameters<typeof serveGit>[0], "root"> = {}): Promise<LocksRepository> {
    const folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
    const repository = new LocksRepository(folder, await serveGit({ ...options, root: folder }));
    await repository.git(["init", "--quiet", "--bare"]);
    return repository;
  }

  private constructor(folder: string, server: Awaited<ReturnType<typeof serveGit>>) {
    this.#folder = folder;
    this.#bare = path.join(folder, "locks.git");
    this.#server = server;
    this.exchanges = server.exchanges;
    this.httpUrl = `git+${server.url("locks.git")}`;
    this.fileUrl = `git+${pathToFileURL(this.#bare)}`;
  }

  /** A use of the action in a run of its own. */
  step(inputs: Inputs, env: Readonly<Record<string, string>> = runOf("report")): Step {
    const defaults = { url: this.httpUrl, "job-interval": "1 hour" };
    return new Step({
      dist: DIST,
      temporary: path.join(this.#folder, "runs"),
      inputs: { ...defaults, ...inputs },
      env,
    });
  }

  /** The refs that are there, each with what it points to. */
  async refs(): Promise<string[]> {
    return (await this.git(["for-each-ref", "--format=%(objectname) %(refname)"])).split("\n").filter(Boolean);
  }

  /** The job's state document, or null. */
  async state(jobName: string): Promise<JobState | null> {
    const ref = refOf(jobName);
    if (!(await this.refs()).some((line) => line.endsWith(` ${ref}`))) return null;
    const message = await this.git(["log", "-1", "--format=%B", ref]);
    return JSON.parse(message.slice(message.indexOf("{")));
  }

  /** Makes the job's ref point to a commit with this message. */
  async write(jobName: string, message: string | object): Promise<void> {
    const tree = (await this.git(["mktree"], "")).trim();
    const text = typeof message === "string" ? message : JSON.stringify(message);
    const identity = ["-c", "user.name=someone", "-c", "user.email=someone@example.com"];
    const commit = (await this.git([...identity, "commit-tree", tree, "-F", "-"], text)).trim();
    await this.git(["update-ref", refOf(jobName), commit]);
  }

  /** Lets the repository run a script on each push. What it wrote to the file `seen` is read by {@link seenByHook}. */
  async hook(name: "update" | "post-receive", script: string): Promise<void> {
    await writeFile(path.join(this.#bare, "hooks", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  seenByHook(): Promise<string> {
    return readFile(path.join(this.#bare, "seen"), "utf8");
  }

  async git(args: readonly string[], input = ""): Promise<string> {
    const git = promisify(execFile)("git", ["--git-dir", this.#bare, ...args]);
    // Most of these commands read nothing, and may be gone by now.
    git.child.stdin?.on("error", () => {}).end(input);
    return (await git).stdout;
  }

  async close(): Promise<void> {
    await this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What a step showed as errors (or warnings) on the run's page, as people read it. */
export function annotations(kind: "error" | "warning", { log }: StepResult): string[] {
  return log
    .filter((line) => line.startsWith(`::${kind}`))
    .map((line) =>
      line
        .replace(/^::\w+::/, "")
        .replaceAll("%0A", "\n")
        .replaceAll("%0D", "\r")
        .replaceAll("%25", "%"),
    );
}

/** A state document that another run left behind: it took the lock an hour ago, and goes on. */
export function heldSince(jobName: string, createdAt: number, lock: Partial<Lock> = {}): JobState {
  const intervalEndedAt = new Date(createdAt).toISOString();
  const intervalStartedAt = new Date(createdAt - HOUR).toISOString();
  return {
    v: 1,
    name: jobName,
    finishedUntil: intervalStartedAt,
    active: {
      id: "11111111-2222-4333-8444-555555555555",
      intervalStartedAt,
      intervalEndedAt,
      createdAt: intervalEndedAt,
      updatedAt: intervalEndedAt,
      holder: OTHER_RUN,
      idempotencyKey: null,
      ...lock,
    },
    history: [],
  };
}

/** The run that {@link heldSince} tells of. */
export const OTHER_RUN = {
  repository: "octo-org/reports",
  runId: "4711",
  attempt: "2",
  job: "nightly",
  runUrl: "https://github.com/octo-org/reports/actions/runs/4711/attempts/2",
};

/** A state document of a job that has finished up to an instant. */
export function finishedUntil(jobName: string, instant: number): JobState {
  return { v: 1, name: jobName, finishedUntil: new Date(instant).toISOString(), active: null, history: [] };
}

export const HOUR = 3_600_000;

/** The outputs of a step that started nothing, but for the job's name and the reason. */
export const NOT_STARTED = {
  started: "false",
  reason: "",
  "job-id": "",
  "job-name": "",
  "job-interval": "",
  "job-interval-started-at": "",
  "job-interval-ended-at": "",
  "job-created-at": "",
  "job-updated-at": "",
  "due-at": "",
};

/** Runs `task` on all of `items`, a few at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
