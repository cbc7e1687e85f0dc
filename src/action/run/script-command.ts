import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type RunningCommand, startCommand } from "../../command/command.ts";
import type { Environment } from "../../network/environment.ts";
import type { Script } from "./script.ts";

export interface ScriptCommandOptions {
  readonly script: Script;
  /** An absolute path. */
  readonly workingDirectory: string;
  readonly env: Environment;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly platform: NodeJS.Platform;
  /** Called at once with the process, which leads a process group. */
  readonly onSpawn: (pid: number) => void;
}

/** Starts a script, with no input. @throws if its program cannot be started. */
export async function startScript(options: ScriptCommandOptions): Promise<RunningCommand> {
  const { script, temporary, ...others } = options;
  // A command before this one may have removed it.
  mkdirSync(temporary, { recursive: true });
  const folder = mkdtempSync(path.join(temporary, "cronyx-run-"));
  try {
    const file = path.join(folder, `script${script.extension}`);
    writeFileSync(file, script.contents);
    chmodSync(file, 0o700);
    const { program, isVerbatim } = script;
    const running = await startCommand({ ...others, program, args: script.argsFor(file), isVerbatim, input: "ignore" });
    const ended = running.ended.finally(() => remove(folder));
    return {
      ended,
      stop: async () => {
        await running.stop();
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
