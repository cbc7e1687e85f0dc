import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ArgumentError } from "../../errors/argument-error.ts";
import type { CommandInputs } from "../inputs.ts";
import type { Surroundings } from "../toolkit.ts";
import type { Command } from "./run-intervals.ts";
import { scriptOf } from "./script.ts";

/** @throws ArgumentError for a shell or a working directory that is not there. */
export async function commandOf(
  { run, shell, workingDirectory }: CommandInputs,
  { env, platform }: Pick<Surroundings, "env" | "platform">,
): Promise<Command> {
  const folder = path.resolve(env.GITHUB_WORKSPACE || process.cwd(), workingDirectory);
  if (!isFolder(folder)) {
    throw new ArgumentError("not-allowed", {
      field: workingDirectory === "" ? "run" : "working-directory",
      value: folder,
      problem: "is not a folder on this runner",
      expected: "a folder that a step before this one makes, such as actions/checkout",
    });
  }
  const find = async (program: string) => {
    const { which } = await import(/* webpackChunkName: "exec" */ "@actions/io");
    return (await which(program)) || null;
  };
  return {
    script: await scriptOf({ run, shell, platform, find }),
    workingDirectory: folder,
    temporary: env.RUNNER_TEMP || tmpdir(),
    platform,
  };
}

/** `statSync` also throws for a path through a file, with too many links or with too long a name. None of them is a folder. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
