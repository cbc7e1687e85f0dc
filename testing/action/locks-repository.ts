import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { refOf } from "../../src/store/git/ref-name.ts";
import { type GitExchange, serveGit } from "../git/git-server.mjs";
import type { InputTexts } from "./inputs.ts";
import { runOf, Step } from "./runner.mjs";

/** The committed bundles: GitHub's runner runs these too. */
const DIST = path.resolve(import.meta.dirname, "../../dist");

/**
 * A bare repository for locks, served over HTTP on loopback, with steps of the action that use it. Tests read and write
 * its refs by the git command, so that they do not depend on the code under test.
 */
export class LocksRepository {
  readonly httpUrl: string;
  readonly fileUrl: string;
  /** The HTTP requests so far, oldest first. */
  readonly exchanges: readonly GitExchange[];
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

  /** A step that uses the action. Without `env`, the step belongs to a new workflow run. */
  step(inputs: InputTexts, env: Readonly<Record<string, string>> = runOf("report")): Step {
    const defaults = { url: this.httpUrl, "job-interval": "1 hour" };
    return new Step({
      dist: DIST,
      temporary: path.join(this.#folder, "runs"),
      inputs: { ...defaults, ...inputs },
      env,
    });
  }

  /** One line for each ref: the object's id and the ref's name. */
  async refs(): Promise<string[]> {
    return (await this.git(["for-each-ref", "--format=%(objectname) %(refname)"])).split("\n").filter(Boolean);
  }

  /** @returns the job's state document; null if the job has no ref. */
  async state(jobName: string): Promise<JobState | null> {
    const message = await this.git(["for-each-ref", "--format=%(contents)", refOf(jobName)]);
    return message.trim() === "" ? null : JSON.parse(message.slice(message.indexOf("{")));
  }

  /** Points the job's ref to a new commit with this message, and without a parent. */
  async write(jobName: string, message: string | object): Promise<void> {
    const text = Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
    const by = `someone <someone@example.com> ${Math.floor(Date.now() / 1000)} +0000`;
    const commit = Buffer.concat([
      Buffer.from(`commit ${refOf(jobName)}\ncommitter ${by}\ndata ${text.length}\n`),
      text,
    ]);
    // Fast-import writes the commit and the ref in one process, if it leaves the pack as it is.
    await this.git(["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force"], commit);
  }

  /** Waits until git has carried out one more push. */
  async pushed(): Promise<void> {
    const pushes = () => this.exchanges.filter(({ command, ms }) => command === "push" && ms > 0).length;
    const before = pushes();
    while (pushes() === before) await pause(10);
  }

  /** Installs a hook that runs on each push. {@link seenByHook} reads the file `seen`, which the script may write. */
  async hook(name: "update" | "post-receive", script: string): Promise<void> {
    await writeFile(path.join(this.#bare, "hooks", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  seenByHook(): Promise<string> {
    return readFile(path.join(this.#bare, "seen"), "utf8");
  }

  async git(args: readonly string[], input: string | Buffer = ""): Promise<string> {
    const git = promisify(execFile)("git", ["--git-dir", this.#bare, ...args]);
    // Most git commands read no input, and may exit before it is written.
    git.child.stdin?.on("error", () => {}).end(input);
    return (await git).stdout;
  }

  async close(): Promise<void> {
    await this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
