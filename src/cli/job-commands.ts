import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { holderLine, oneLine } from "../backend/one-line.ts";
import { openBackend } from "../backend/open-backend.ts";
import type { Credentials } from "../backend/remote/server-connection.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { flagRefusal } from "../errors/flag-refusal.ts";
import { ServiceError } from "../errors/service-error.ts";
import { type Location, parseLocation } from "../location/location.ts";
import { unencryptedWarning } from "../location/unencrypted-warning.ts";
import type { Deadline } from "../network/deadline.ts";
import type { JobState, Lock } from "../scheduler/state-document.ts";
import { commandMessage } from "./remedies.ts";

/** All that the commands use outside of this process. */
export interface CommandSurroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly deadline: () => Deadline;
  readonly output: { write(line: string): unknown };
  readonly errors: { write(line: string): unknown };
}

/** The exit codes, for scripts. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, notFound: 3 } as const;
type Exit = (typeof EXIT)[keyof typeof EXIT];

export const JOB_COMMANDS_HELP = `  status [JOB] --url URL [--json]   shows one job or all jobs: free or held, by which run, since when
  release JOB --url URL [--json]    interrupts an active lock, so that its interval is granted again

URL is the address of a CronyxServer (https://HOST) or of a repository (git+https://HOST/PATH, git+ssh://…, git+file:///…).
Without --url it is read from CRONYX_URL. CRONYX_TOKEN is a repository's token or a server's bearer token; CRONYX_USERNAME
and CRONYX_PASSWORD are a server's login. The exit code is 0 on success, 1 on failure, 2 for wrong arguments, and 3 where
the job does not exist or has no lock to release.
`;

/** `status [JOB]`: shows one job, or all jobs. */
export function status(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [0, 1], async (backend, { job, json }) => {
    const { output, errors, deadline } = surroundings;
    if (job === undefined) {
      const { jobs, damaged } = await backend.states(deadline());
      const states = jobs.map(({ state }) => state);
      if (json) output.write(`${JSON.stringify(states.map(shown))}\n`);
      else for (const state of states) output.write(`${lineOf(state)}\n`);
      for (const name of damaged) {
        errors.write(`${oneLine(name)}: its state document is damaged; status ${oneLine(name)} shows where\n`);
      }
      if (damaged.length > 0) return EXIT.failed;
      if (states.length === 0) errors.write("No job has been started there\n");
      return EXIT.done;
    }
    const state = (await backend.status(job, deadline()))?.state ?? null;
    if (json) output.write(`${JSON.stringify(state && shown(state))}\n`);
    else if (state !== null) output.write(`${lineOf(state)}\n`);
    return state === null ? neverStarted(job, errors) : EXIT.done;
  });
}

/** `release JOB`: interrupts the lock that it finds active, and no other. */
export function release(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [1, 1], async (backend, { job = "", json }) => {
    const { output, errors, deadline } = surroundings;
    const state = (await backend.status(job, deadline()))?.state ?? null;
    if (state === null) return neverStarted(job, errors);
    const { active, finishedUntil } = state;
    if (active === null) {
      errors.write(`${oneLine(job)} is free: there is no lock to release\n`);
      return EXIT.notFound;
    }
    await backend.interrupt({ jobName: job, id: active.id, record: null }, deadline());
    output.write(
      json
        ? `${JSON.stringify({ name: job, released: shownLock(active) })}\n`
        : `Released ${oneLine(job)}, which was held by ${holderLine(active.holder)} since ${active.createdAt}: ${
            finishedUntil === null
              ? "no interval has finished yet, so the next start gets a first interval up to then"
              : `${active.intervalStartedAt} to ${active.intervalEndedAt} will be granted again`
          }\n`,
    );
    return EXIT.done;
  });
}

function neverStarted(job: string, errors: CommandSurroundings["errors"]): Exit {
  errors.write(`${oneLine(job)} has never been started\n`);
  return EXIT.notFound;
}

interface Arguments {
  readonly location: Location;
  readonly job: string | undefined;
  readonly json: boolean;
}

async function onBackend(
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
    if (error instanceof ArgumentError || error instanceof ServiceError || error instanceof LockLostError) {
      errors.write(`${oneLine(commandMessage(error))}\n`);
      return error instanceof ArgumentError ? EXIT.wrongUse : EXIT.failed;
    }
    throw error;
  }
}

/**
 * @param jobs The least and the most job names that the command takes.
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
  return { location: parseLocation(url), job: positionals[0], json: values.json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        json: { type: "boolean", default: false },
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

function lineOf({ name, active, finishedUntil }: JobState): string {
  const progress = finishedUntil === null ? "nothing finished yet" : `finished until ${finishedUntil}`;
  if (active === null) return `${oneLine(name)}: free, ${progress}`;
  return `${oneLine(name)}: held by ${holderLine(active.holder)} since ${active.createdAt} for ${active.intervalStartedAt} to ${active.intervalEndedAt}, ${progress}`;
}

function shown({ name, active, finishedUntil, history }: JobState) {
  return { name, lock: active === null ? null : shownLock(active), finishedUntil, history };
}

/** Without the idempotency key, which starts the same lock again: it is the holder's secret. */
function shownLock({ id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder }: Lock) {
  return { id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder };
}
