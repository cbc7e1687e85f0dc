import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { buildPackage } from "./built-package.ts";

interface ScriptOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The shell of a reader who tries the commands of a document: a folder with the programs that they call. */
export class ReadersShell {
  readonly folder = mkdtempSync(path.join(tmpdir(), "cronyx-documents-"));

  constructor() {
    mkdirSync(path.join(this.folder, "bin"));
  }

  /** Builds the package into the folder. @returns a shell command that runs the package's command. */
  async buildPackage(): Promise<string> {
    return `'${process.execPath}' '${await buildPackage(this.folder)}'`;
  }

  /** Writes a program. One in `bin/` is found by its name. */
  program(name: string, script: string): void {
    const file = path.join(this.folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** @returns the standard output of a script that bash runs with these variables only. */
  async bash(script: string, { options = "-c", ...others }: ScriptOptions & { options?: string }): Promise<string> {
    return (await promisify(execFile)("bash", [options, script], this.#surroundings(others))).stdout;
  }

  /** Starts a script as {@link bash} does, in a process group of its own, as a terminal does. */
  start(script: string, options: ScriptOptions): ChildProcessByStdio<null, Readable, Readable> {
    return spawn("bash", ["-c", script], {
      ...this.#surroundings(options),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  #surroundings({ cwd = this.folder, env }: ScriptOptions) {
    const PATH = `${path.join(this.folder, "bin")}${path.delimiter}${process.env.PATH}`;
    return { cwd, env: { PATH, ...env } };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
