import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  /** Called at once with the process, which leads a process group. It throws nothing. */
  readonly onSpawn: (pid: number) => void;
}

/** A command that was started. Its output goes to this process's own. */
export interface RunningCommand {
  /** The exit code; for a command that a signal ended, 128 and the number of the signal, as a shell has it. */
  readonly ended: Promise<number>;
  /** Ends the command with all of its descendants, and waits for that. */
  stop(): Promise<void>;
}

/** Starts a script in a process group of its own, with no input. @throws if the program cannot be started. */
export async function startCommand(options: CommandOptions): Promise<RunningCommand> {
  const { script, workingDirectory, env, temporary, platform, onSpawn } = options;
  // A command before this one may have removed it.
  mkdirSync(temporary, { recursive: true });
  const folder = mkdtempSync(path.join(temporary, "cronyx-run-"));
  try {
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
    const { pid } = child;
    if (pid !== undefined) onSpawn(pid);
    const ended = new Promise<number>((resolve) => {
      child.once("exit", (code, signal) => {
        remove(folder);
        resolve(code ?? 128 + signalNumber(signal));
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    return {
      ended,
      stop: async () => {
        if (pid !== undefined) await endProcessTree(pid, platform);
        await ended;
      },
    };
  } catch (error) {
    remove(folder);
    throw error;
  }
}

/** The runner removes all temporary files at the end of the job. How the command ended must not depend on them. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {}
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
