import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { JobActiveError, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { openBackend } from "../backend/open-backend.ts";
import type { Credentials } from "../backend/remote/server-connection.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { flagRefusal } from "../errors/flag-refusal.ts";
import { ServiceError } from "../errors/service-error.ts";
import { type Location, parseLocation } from "../location/location.ts";
import { unencryptedWarning } from "../location/unencrypted-warning.ts";
import type { Deadline } from "../network/deadline.ts";
import { commandMessage } from "./remedies.ts";

/** All that the commands use outside of this process. */
export interface CommandSurroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly deadline: () => Deadline;
  readonly output: { write(line: string): unknown };
  readonly errors: { write(line: string): unknown };
  /** Asks a person. @returns null where there is no terminal to ask on. */
  readonly confirm: (question: string) => Promise<boolean | null>;
}

/** The exit codes of the job commands. Scripts depend on them. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, notFound: 3, ruleMet: 4 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export const JOB_COMMANDS_HELP = `  status [JOB] --url URL [--fail-when RULES] [--json]
                                    shows one job or all jobs: free or held, by which run, since when, and what is due.
                                    RULES are overdue, failing, or "held: 2 hours", separated by commas
  release JOB --url URL [--yes] [--json]
                                    interrupts an active lock, so that its interval is granted again; removes a damaged
                                    state document
  skip JOB --until INSTANT --url URL [--yes] [--json]
                                    declares all intervals up to an instant done, although no run did them

URL is the address of a CronyxServer (https://HOST) or of a repository (git+https://HOST/PATH, git+ssh://…, git+file:///…).
Without --url it is read from CRONYX_URL. CRONYX_TOKEN is a repository's token or a server's bearer token; CRONYX_USERNAME
and CRONYX_PASSWORD are a server's login. The exit code is 0 on success, 1 on failure, 2 for wrong arguments, 3 where
the job does not exist or has no lock to release, and 4 where a job meets one of RULES.
`;

interface Arguments {
  readonly location: Location;
  readonly job: string | undefined;
  readonly json: boolean;
  readonly until: string | undefined;
  /** The rules of `--fail-when`, in the order of the command line. */
  readonly failWhen: readonly string[];
  readonly yes: boolean;
}

/**
 * Runs a job command on the backend that the command line names. Prints the errors that the command may meet.
 *
 * @param jobs The least and the most job names that the command takes.
 */
export async function runOnBackend(
  surroundings: CommandSurroundings,
  jobs: readonly [least: number, most: number],
  work: (backend: JobBackend, given: Arguments) => Promise<Exit>,
): Promise<Exit> {
  const { args, env, now, output, errors } = surroundings;
  try {
    const given = argumentsIn(args, env, jobs);
    if (given === null) {
      output.write(`Usage: cronyx-action COMMAND\n\n${JOB_COMMANDS_HELP}`);
      return EXIT.done;
    }
    const backend = await openBackend(given.location, {
      token: env.CRONYX_TOKEN ?? "",
      credentials: credentialsIn(env),
      userAgent: "cronyx",
      env,
      temporary: tmpdir(),
      log: (line) => errors.write(`${oneLine(line)}\n`),
      now,
    });
    const warning = unencryptedWarning(given.location);
    if (warning !== null) errors.write(`${warning}\n`);
    try {
      return await work(backend, given);
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (!isExpected(error)) throw error;
    errors.write(`${oneLine(commandMessage(error))}\n`);
    return error instanceof ArgumentError ? EXIT.wrongUse : EXIT.failed;
  }
}

function isExpected(error: unknown): boolean {
  return [ArgumentError, ServiceError, LockLostError, JobActiveError].some((kind) => error instanceof kind);
}

/**
 * @returns null for --help.
 * @throws ArgumentError
 */
function argumentsIn(
  args: readonly string[],
  env: CommandSurroundings["env"],
  [least, most]: readonly [number, number],
): Arguments | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const url = values.url ?? env.CRONYX_URL;
  if (!url) {
    throw new ArgumentError("missing", {
      field: "url",
      problem: "is missing",
      expected: "the address of a repository or a CronyxServer",
    });
  }
  if (positionals.length < least) {
    throw new ArgumentError("missing", { field: "jobName", problem: "is missing", expected: "the name of a job" });
  }
  if (positionals.length > most) {
    throw new ArgumentError("unknown-name", {
      field: "argument",
      value: positionals[most],
      problem: "is one too many",
      expected: "one job name, in quotes if it has spaces",
    });
  }
  const { json, until, yes } = values;
  return {
    location: parseLocation(url),
    job: positionals[0],
    json,
    until,
    yes,
    failWhen: rulesIn(values["fail-when"]),
  };
}

/** Each flag may have several rules, separated by commas. */
function rulesIn(flags: readonly string[] = []): readonly string[] {
  return flags
    .flatMap((flag) => flag.split(/[\n,]/))
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "");
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        json: { type: "boolean", default: false },
        until: { type: "string" },
        "fail-when": { type: "string", multiple: true },
        yes: { type: "boolean", short: "y", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    throw flagRefusal(cause, "the flags that cronyx-action --help shows");
  }
}

function credentialsIn({
  CRONYX_TOKEN: token,
  CRONYX_USERNAME: username,
  CRONYX_PASSWORD: password,
}: CommandSurroundings["env"]): Credentials {
  if (!username !== !password) {
    const [missing, given] = username ? ["PASSWORD", "USERNAME"] : ["USERNAME", "PASSWORD"];
    throw new ArgumentError("incomplete-login", {
      field: `CRONYX_${missing}`,
      problem: `is missing, and CRONYX_${given} is set`,
    });
  }
  if (username) return { kind: "basic", username, password: password ?? "" };
  return token ? { kind: "bearer", token: async () => token } : { kind: "none" };
}
