import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { buildPackage } from "./built-package.ts";

/** The shell of a reader who tries the commands of a document: a folder with the package and the programs that they call. */
export class ReadersShell {
  readonly folder: string;
  /** A shell command that runs the package's command. */
  readonly command: string;

  static async open(): Promise<ReadersShell> {
    const folder = mkdtempSync(path.join(tmpdir(), "cronyx-documents-"));
    mkdirSync(path.join(folder, "bin"));
    return new ReadersShell(folder, await buildPackage(folder));
  }

  private constructor(folder: string, main: string) {
    this.folder = folder;
    this.command = `'${process.execPath}' '${main}'`;
  }

  /** Writes a program. One in `bin/` is found by its name. */
  program(name: string, script: string): void {
    const file = path.join(this.folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** @returns the standard output of a script that bash runs with these variables only. */
  async bash(
    script: string,
    {
      options = "-c",
      cwd = this.folder,
      env,
    }: { options?: string; cwd?: string; env: Readonly<Record<string, string>> },
  ): Promise<string> {
    const PATH = `${path.join(this.folder, "bin")}${path.delimiter}${process.env.PATH}`;
    return (await promisify(execFile)("bash", [options, script], { cwd, env: { PATH, ...env } })).stdout;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
