import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import path from "node:path";

const MAIN = path.resolve(import.meta.dirname, "../../src/cli/main.ts");
/** Where Node 22 and newer keep the compiled code of a program for its next start. */
const { NODE_COMPILE_CACHE = "" } = process.env;

interface CommandProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The text of the standard input. */
  readonly input?: string;
  /** A stream on which each write fails, as on a full disk or a terminal that is gone. */
  readonly unwritable?: "output" | "errors";
}

/** One of the package's commands, as a process that leads a process group of its own, as a shell starts it. */
export class CommandProcess {
  readonly process: ChildProcess;
  output = "";
  errors = "";
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[], { env = {}, input = "", unwritable }: CommandProcessOptions = {}) {
    const onlyRead = openSync(devNull, "r");
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE, ...env },
      detached: true,
      stdio: ["pipe", unwritable === "output" ? onlyRead : "pipe", unwritable === "errors" ? onlyRead : "pipe"],
    });
    closeSync(onlyRead);
    this.process = child;
    this.#ended = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      this.output += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.errors += text;
    });
    child.stdin?.on("error", () => {}).end(input);
  }

  /** Waits until the process has written this text to its standard error. */
  async reported(text: string): Promise<void> {
    while (!this.errors.includes(text)) {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`The command ended without ${text}: ${this.errors}`);
      await Promise.race([once(this.process.stderr as NodeJS.ReadableStream, "data"), this.#ended]);
    }
  }

  /** Waits for its end. */
  async result() {
    await this.#ended;
    return { code: this.process.exitCode, output: this.output, errors: this.errors };
  }
}
