import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A bare git repository in a temporary folder, as a git server has it. */
export class BareRepository {
  /** The temporary folder, which holds the repository. */
  readonly root: string;
  readonly folder: string;
  readonly name: string;

  constructor(name = "locks.git") {
    this.name = name;
    this.root = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
    this.folder = path.join(this.root, name);
    execFileSync("git", ["init", "--quiet", "--bare", this.folder], { env: gitEnvironment() });
  }

  /** @returns git's output as text. */
  git(args: readonly string[], input: string | Buffer = ""): string {
    return this.print(args, input).toString().trim();
  }

  /** @returns git's output as bytes. */
  print(args: readonly string[], input: string | Buffer = ""): Buffer {
    return execFileSync("git", ["-C", this.folder, ...args], { env: gitEnvironment(), input, stdio: "pipe" });
  }

  /** @returns the id of the object that a ref points to; null if there is no such ref. */
  tip(ref: string): string | null {
    return this.git(["for-each-ref", "--format=%(objectname)", ref]) || null;
  }

  /** Writes a commit without files. @returns its id. */
  commit(message: string, ...parents: readonly string[]): string {
    const tree = this.git(["hash-object", "-w", "-t", "tree", "--stdin"]);
    return this.git(["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent])], message);
  }

  /** Writes a chain of commits. Only the last one has this message. @returns the id of the last one. */
  history(length: number, message: string): string {
    const commits = Array.from({ length }, (_, at) => {
      const text = Buffer.from(at === length - 1 ? message : `Commit ${at}`);
      const by = `A <a@example.com> ${1_700_000_000 + at} +0000`;
      return `commit refs/heads/long\nauthor ${by}\ncommitter ${by}\ndata ${text.length}\n${text}\n`;
    });
    this.git(["fast-import", "--quiet", "--force"], `${commits.join("")}done\n`);
    return this.tip("refs/heads/long") ?? "";
  }

  hook(name: string, script: string): void {
    const file = path.join(this.folder, "hooks", name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** An environment that hides the machine's git configuration. */
function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
    ...{ GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
    ...{ GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@example.com" },
    ...{ GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@example.com" },
  };
}
