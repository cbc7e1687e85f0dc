import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type Deadline, within } from "../../network/deadline.ts";

export interface GitProcessOptions {
  readonly env: Readonly<Record<string, string>>;
  /** A folder for git's output too, until git has ended. */
  readonly cwd: string;
  /** Ends the process. */
  readonly deadline: Deadline;
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class LostOutput extends Error {
  override name = "LostOutput";
}

/** git itself needs it there, whatever the PATH. */
const SHELL = "/bin/sh";

/**
 * `@actions/exec` gives no access to its process. So a shell prints the process's id, and git then replaces the shell. Git
 * writes into files: a pipe would stay open, and keep a program alive, for as long as any process that git has started.
 */
const PRINT_ID_THEN_RUN = 'echo $$; out=$1 err=$2; shift 2; exec "$@" >"$out" 2>"$err"';

/**
 * Runs git until it ends or the deadline passes. A process that went on after that would push later, and would keep a program
 * alive that uses this library. On Windows it does go on, since there is no shell that git can replace.
 *
 * @returns null if the deadline passed before git ended.
 * @throws if there is no git command.
 * @throws LostOutput if git has run, and the files of its output are gone.
 */
export async function runGit(
  args: readonly string[],
  { env, cwd, deadline }: GitProcessOptions,
): Promise<GitOutput | null> {
  const { getExecOutput } = await import(/* webpackChunkName: "exec" */ "@actions/exec");
  const { which } = await import(/* webpackChunkName: "exec" */ "@actions/io");
  // git runs in another folder, and an entry of the PATH may be relative to this one.
  const git = path.resolve(await which("git", true));
  const { signal } = deadline;
  if (signal.aborted) return null;
  const options = { env, cwd, silent: true, ignoreReturnCode: true };
  if (process.platform === "win32") {
    const run = getExecOutput("git", [...args], options);
    return (await within(deadline, run)) ? run : null;
  }

  let id = "";
  const end = () => {
    // A part of the id could be the id of another process.
    if (id.endsWith("\n")) endProcess(Number(id));
  };
  const listeners = {
    stdout: (data: Buffer) => {
      id += data.toString("latin1");
      if (signal.aborted) end();
    },
  };
  const files = ["out", "err"].map((name) => path.join(cwd, `${randomUUID()}.${name}`));
  const shellArgs = ["-c", PRINT_ID_THEN_RUN, "sh", ...files, git, ...args];
  const run = getExecOutput(SHELL, shellArgs, { ...options, listeners });
  if (!(await within(deadline, run))) {
    end();
    return null;
  }
  const ended = await run;
  const read = Promise.all(files.map((file) => readFile(file, "utf8")));
  const [stdout = "", stderr = ""] = await read.catch((cause: Error) => {
    throw new LostOutput(ended.stderr.trim() || cause.message, { cause });
  });
  await Promise.all(files.map((file) => rm(file, { force: true })));
  return { exitCode: ended.exitCode, stdout, stderr };
}

function endProcess(id: number): void {
  try {
    process.kill(id, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}
