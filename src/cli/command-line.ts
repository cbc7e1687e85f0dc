import { tmpdir } from "node:os";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
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
import type { Environment } from "../network/environment.ts";
import { commandMessage } from "./remedies.ts";

/** All that the commands use outside of this process. */
export interface CommandSurroundings {
  readonly args: readonly string[];
  readonly env: Environment;
  readonly now: () => number;
  /** @param ms Default: a minute. @param signal Its abort ends the time early. */
  readonly deadline: (ms?: number, signal?: AbortSignal) => Deadline;
  readonly output: { write(line: string): unknown };
  readonly errors: { write(line: string): unknown };
  /** Asks a person. @returns null where there is no terminal to ask on. */
  readonly confirm: (question: string) => Promise<boolean | null>;
}

/** The exit codes of the job commands. Scripts depend on them. 75 is EX_TEMPFAIL of sysexits.h. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, notFound: 3, ruleMet: 4, notStarted: 75 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export const JOB_COMMANDS_HELP = `  status [JOB] --url URL [--fail-when RULES] [--json]
                                    shows one job or all jobs: free or held, by which run, since when, and what is due.
                                    RULES are overdue, failing, or "held: 2 hours", separated by commas
  release JOB --url URL [--yes] [--json]
                                    interrupts an active lock, so that its interval is granted again; removes a damaged
                                    state document
  skip JOB --until INSTANT --url URL [--yes] [--json]
                                    declares all intervals up to an instant done, although no run did them
  exec JOB --interval INTERVAL --url URL [START FLAGS] [--max-intervals N] -- COMMAND [ARGUMENT...]
                                    runs a command under the lock of the next due interval, and finishes the interval if
                                    the command exits with 0
  start JOB --interval INTERVAL --url URL [START FLAGS]
                                    takes the lock of the next due interval, and prints the text of the lock
  finish JOB --lock TEXT --url URL [--deadline LENGTH]
  interrupt JOB --lock TEXT --url URL [--deadline LENGTH]
                                    end the run of that lock, which succeeded or failed; --lock - reads the text from the
                                    standard input

START FLAGS: --start-buffer LENGTH, --retry-interval LENGTH, --required-job JOB (again for each job), --timezone ZONE,
--starts-at INSTANT, --catch-up each|merge|latest, --no-lock, --job-interval-started-at INSTANT, --wait LENGTH,
--deadline LENGTH

URL is the address of a CronyxServer (https://HOST) or of a repository (git+https://HOST/PATH, git+ssh://…, git+file:///…).
Without --url it is read from CRONYX_URL. CRONYX_TOKEN is a repository's token or a server's bearer token; CRONYX_USERNAME
and CRONYX_PASSWORD are a login. For a repository the token is the password without CRONYX_PASSWORD.

The exit code is 0 on success, 1 on failure, 2 for wrong arguments, 3 where the job does not exist or has no lock to release,
4 where a job meets one of RULES, and 75 where it was not started. A signal that ends start or exec gives 128 and its number.
exec exits with the code of its command.
`;

/** The arguments that one command takes, beside --url and --help. */
interface Shape<Flags extends ParseArgsOptionsConfig> {
  /** The least and the most job names. */
  readonly jobs: readonly [least: number, most: number];
  readonly flags: Flags;
  /** What the command takes in place of a surplus argument. */
  readonly surplus?: string;
}

export interface Arguments<Flags extends ParseArgsOptionsConfig> {
  readonly location: Location;
  /** Undefined where the command was called without one, as `status` may be. */
  readonly job: string | undefined;
  readonly flags: FlagValues<Flags>;
}

type FlagValues<Flags extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: Flags }>>["values"];

/** Runs a job command on the backend that the command line names. Prints the errors that the command may meet. */
export async function runOnBackend<Flags extends ParseArgsOptionsConfig>(
  surroundings: CommandSurroundings,
  shape: Shape<Flags>,
  work: (backend: JobBackend, given: Arguments<Flags>) => Promise<number>,
): Promise<number> {
  const { args, env, now, output, errors } = surroundings;
  try {
    const given = argumentsIn(args, env, shape);
    if (given === null) {
      output.write(`Usage: cronyx-action COMMAND\n\n${JOB_COMMANDS_HELP}`);
      return EXIT.done;
    }
    const backend = await openBackend(given.location, {
      token: env.CRONYX_TOKEN ?? "",
      credentials: credentialsIn(env, given.location),
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
function argumentsIn<Flags extends ParseArgsOptionsConfig>(
  args: readonly string[],
  env: Environment,
  {
    jobs: [least, most],
    flags,
    surplus = "one job name, in quotes if it has spaces, as a value such as a cron expression needs them too",
  }: Shape<Flags>,
): Arguments<Flags> | null {
  const { own, values, positionals } = parsed(args, flags);
  if (own.help) return null;
  const url = own.url ?? env.CRONYX_URL;
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
      expected: surplus,
    });
  }
  return { location: parseLocation(url), job: positionals[0], flags: values };
}

const COMMON_FLAGS = { url: { type: "string" }, help: { type: "boolean", short: "h", default: false } } as const;

function parsed<Flags extends ParseArgsOptionsConfig>(args: readonly string[], flags: Flags) {
  const options = { ...flags, ...COMMON_FLAGS };
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    return {
      own: values as FlagValues<typeof COMMON_FLAGS>,
      values: values as FlagValues<Flags>,
      positionals,
    };
  } catch (cause) {
    throw flagRefusal(cause, { flags: Object.keys(options), help: "cronyx-action --help" });
  }
}

function credentialsIn(
  { CRONYX_TOKEN: token = "", CRONYX_USERNAME: username = "", CRONYX_PASSWORD: given = "" }: Environment,
  location: Location,
): Credentials {
  const password = given || (location.kind === "repository" ? token : "");
  if (username !== "" && password !== "") return { kind: "basic", username, password };
  if (username !== "" || given !== "") {
    const [missing, set] = username ? ["PASSWORD", "USERNAME"] : ["USERNAME", "PASSWORD"];
    throw new ArgumentError("incomplete-login", {
      field: `CRONYX_${missing}`,
      problem: `is missing, and CRONYX_${set} is set`,
    });
  }
  return token === "" ? { kind: "none" } : { kind: "bearer", token: async () => token };
}
