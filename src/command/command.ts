import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Environment } from "../network/environment.ts";
import { endProcessTree } from "./process-tree.ts";

export interface CommandOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** The command's standard input: none, or this process's own. */
  readonly input: "ignore" | "inherit";
  /** Whether the arguments are one text that the program reads as it is, without Node's quoting. Only on Windows. */
  readonly isVerbatim: boolean;
  /** Called at once with the process, which leads a process group. It throws nothing. */
  readonly onSpawn?: (pid: number) => void;
}

/** A command that was started. Its output goes to this process's own. */
export interface RunningCommand {
  /** The exit code; for a command that a signal ended, 128 and the number of the signal, as a shell has it. */
  readonly ended: Promise<number>;
  /** Ends the command with all of its descendants, and waits for that. */
  stop(): Promise<void>;
}

/**
 * Starts a program in a session of its own: a terminal's Ctrl-C reaches this process only.
 *
 * @throws if the program cannot be started.
 */
export async function startCommand(options: CommandOptions): Promise<RunningCommand> {
  const { program, args, workingDirectory, env, platform, input, isVerbatim, onSpawn } = options;
  const child = spawn(program, args, {
    cwd: workingDirectory,
    env,
    stdio: [input, "inherit", "inherit"],
    // On Windows this would open a console window.
    detached: platform !== "win32",
    windowsVerbatimArguments: isVerbatim,
  });
  const { pid } = child;
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  if (pid !== undefined) onSpawn?.(pid);
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
}
