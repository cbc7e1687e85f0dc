import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import type { Environment } from "../toolkit.ts";
import { endProcessTree } from "./process-tree.ts";
import type { Script } from "./script.ts";

export interface CommandOptions {
  readonly script: Script;
  /** An absolute path. */
  readonly workingDirectory: string;
  readonly env: Environment;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly platform: NodeJS.Platform;
}

/** A command that was started. Its output goes to this process's own. */
export interface RunningCommand {
  readonly pid: number | null;
  /** The exit code; for a command that a signal ended, 128 and the number of the signal, as a shell has it. */
  readonly ended: Promise<number>;
  /** Ends the command with all of its descendants, and waits for that. */
  stop(): Promise<void>;
}

/** Starts a script in a process group of its own, with no input. @throws if the program cannot be started. */
export async function startCommand(options: CommandOptions): Promise<RunningCommand> {
  const { script, workingDirectory, env, temporary, platform } = options;
  const folder = mkdtempSync(path.join(temporary, "cronyx-run-"));
  const file = path.join(folder, `script${script.extension}`);
  writeFileSync(file, script.contents);
  chmodSync(file, 0o700);
  const child = spawn(script.program, script.argsFor(file), {
    cwd: workingDirectory,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    // On Windows this would open a console window.
    detached: platform !== "win32",
    windowsVerbatimArguments: script.isVerbatim,
  });
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  }).finally(() => rmSync(folder, { recursive: true, force: true }));
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const { pid = null } = child;
  return {
    pid,
    ended,
    stop: async () => {
      if (pid !== null) await endProcessTree(pid, platform);
      await ended;
    },
  };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
