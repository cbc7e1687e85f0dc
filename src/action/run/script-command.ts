import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type RunningCommand, startCommand } from "../../command/command.ts";
import type { Environment } from "../toolkit.ts";
import type { Script } from "./script.ts";

export interface ScriptCommandOptions {
  readonly script: Script;
  /** An absolute path. */
  readonly workingDirectory: string;
  readonly env: Environment;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly platform: NodeJS.Platform;
}

/** Starts a script, with no input. @throws if its program cannot be started. */
export async function startScript(options: ScriptCommandOptions): Promise<RunningCommand> {
  const { script, temporary, ...others } = options;
  const folder = mkdtempSync(path.join(temporary, "cronyx-run-"));
  const file = path.join(folder, `script${script.extension}`);
  writeFileSync(file, script.contents);
  chmodSync(file, 0o700);
  const { program, isVerbatim } = script;
  const running = await startCommand({ ...others, program, args: script.argsFor(file), isVerbatim, input: "ignore" });
  const ended = running.ended.finally(() => rmSync(folder, { recursive: true, force: true }));
  return {
    ...running,
    ended,
    stop: async () => {
      await running.stop();
      await ended;
    },
  };
}
