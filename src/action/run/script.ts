import { ArgumentError } from "../../errors/argument-error.ts";

/**
 * How GitHub's runner starts each shell that it knows. `{0}` stands for the script's file.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
 */
const SHELLS: Readonly<Record<string, { readonly args: string; readonly extension: string }>> = {
  bash: { args: "--noprofile --norc -e -o pipefail {0}", extension: ".sh" },
  sh: { args: "-e {0}", extension: ".sh" },
  python: { args: "{0}", extension: ".py" },
  pwsh: { args: `-command ". '{0}'"`, extension: ".ps1" },
  powershell: { args: `-command ". '{0}'"`, extension: ".ps1" },
  cmd: { args: `/D /E:ON /V:OFF /S /C "CALL "{0}""`, extension: ".cmd" },
};

/** The end of a script for PowerShell: without it the exit code of the last program would be lost. */
const EXIT_LIKE_LAST_PROGRAM = "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }";

export interface ScriptOptions {
  /** The commands, as the input `run` has them. */
  readonly run: string;
  /** The input `shell`; empty for the platform's default. */
  readonly shell: string;
  readonly platform: NodeJS.Platform;
  /** @returns the path of a program, or null if there is none of that name. */
  readonly find: (program: string) => Promise<string | null>;
}

/** A script to be written into a file, and the program that runs it. */
export interface Script {
  readonly program: string;
  /** @returns the arguments of the program, for the file of the script. */
  readonly argsFor: (file: string) => readonly string[];
  /** Whether the arguments are one text that `cmd` reads as it is, without Node's quoting. */
  readonly isVerbatim: boolean;
  /** What the file's name must end with. */
  readonly extension: string;
  readonly contents: string;
}

/**
 * Makes a script of the inputs `run` and `shell`, as GitHub's runner does of a step's `run` and `shell`.
 *
 * @throws ArgumentError for a shell that is not installed, or whose line has no `{0}`.
 * @see https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/ScriptHandler.cs
 */
export async function scriptOf({ run, shell, platform, find }: ScriptOptions): Promise<Script> {
  const { name, program, args } = await (shell === "" ? defaultShell(platform, find) : chosenShell(shell, find));
  const isVerbatim = platform === "win32" && name === "cmd";
  return {
    program,
    argsFor: (file) => (isVerbatim ? [args.replaceAll("{0}", () => file)] : argumentsOf(args, file)),
    isVerbatim,
    extension: SHELLS[name]?.extension ?? "",
    contents: contentsFor(name, run, platform),
  };
}

interface Shell {
  readonly name: string;
  readonly program: string;
  readonly args: string;
}

/** Without a shell the runner takes bash, but with the options of sh. */
async function defaultShell(platform: NodeJS.Platform, find: ScriptOptions["find"]): Promise<Shell> {
  const [first, second] = platform === "win32" ? (["pwsh", "powershell"] as const) : (["bash", "sh"] as const);
  const program = (await find(first)) ?? (await find(second));
  if (program === null) throw notInstalled(second, "");
  return { name: platform === "win32" ? "pwsh" : "sh", program, args: argsOf(platform === "win32" ? "pwsh" : "sh") };
}

async function chosenShell(shell: string, find: ScriptOptions["find"]): Promise<Shell> {
  const [, name = "", options = ""] = /^(\S+)\s*(.*)$/s.exec(shell.trim()) ?? [];
  const args = options === "" ? argsOf(name) : options;
  if (!args.includes("{0}")) {
    throw new ArgumentError("unknown-word", {
      field: "shell",
      value: shell,
      problem: "is no shell that the runner knows, and has no {0} for the script's file",
      expected: `${Object.keys(SHELLS).join(", ")}, or a command line with {0}, such as "perl {0}"`,
    });
  }
  const program = await find(name);
  if (program === null) throw notInstalled(name, shell);
  return { name, program, args };
}

function argsOf(name: string): string {
  return SHELLS[name]?.args ?? "";
}

function notInstalled(name: string, shell: string): ArgumentError {
  return new ArgumentError("not-allowed", {
    field: "shell",
    value: shell,
    problem: `needs the program ${name}, which is not on this runner's PATH`,
    expected: "a shell that is installed there",
  });
}

function contentsFor(name: string, run: string, platform: NodeJS.Platform): string {
  const contents = linesFor(name, run.replaceAll("\r\n", "\n"));
  return platform === "win32" ? contents.replaceAll("\n", "\r\n") : contents;
}

function linesFor(name: string, lines: string): string {
  switch (name) {
    case "pwsh":
    case "powershell":
      return `$ErrorActionPreference = 'stop'\n${lines}\n${EXIT_LIKE_LAST_PROGRAM}`;
    case "cmd":
      return `@echo off\n${lines}`;
    default:
      return `${lines}\n`;
  }
}

/** Splits a line into arguments: at spaces, but not within double quotes. */
function argumentsOf(line: string, file: string): readonly string[] {
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "").replaceAll("{0}", () => file));
}
