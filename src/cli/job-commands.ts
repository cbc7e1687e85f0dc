import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { holderLine, inLine } from "../backend/line.ts";
import { openBackend } from "../backend/open-backend.ts";
import type { Credentials } from "../backend/server-connection.ts";
import { unprotectedLine } from "../backend/server-url.ts";
import type { Deadline } from "../network/deadline.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import type { JobState, Lock } from "../scheduler/state-document.ts";
import { StoreError } from "../store/job-store.ts";
import { COMMAND_TERMS } from "./terms.ts";

/** What the commands need of the world around them. */
export interface CommandSurroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly deadline: () => Deadline;
  readonly output: { write(line: string): unknown };
  readonly errors: { write(line: string): unknown };
}

/** How a command ended, for scripts. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, nothingThere: 3 } as const;
type Exit = (typeof EXIT)[keyof typeof EXIT];

export const JOB_COMMANDS_HELP = `  status [JOB] --url URL [--json]   who holds what since when, of one job or of all
  release JOB --url URL [--json]    frees a lock that is stuck: its interval is granted again

URL is that of a CronyxServer (https://HOST) or of a repository (git+https://HOST/PATH, git+ssh://…, git+file:///…); it may
stand in CRONYX_URL. CRONYX_TOKEN holds a repository's token, or a server's bearer token; CRONYX_USERNAME and
CRONYX_PASSWORD a server's login. The exit code is 0; 1 for what failed; 2 for wrong use; 3 where there is no such job, or
no lock to release.
`;

/** `status [JOB]`: tells of one job, or of all. */
export function status(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [0, 1], async (backend, { job, json }) => {
    const { output, errors, deadline } = surroundings;
    if (job === undefined) {
      const { states, unreadable } = await backend.states(deadline());
      if (json) output.write(`${JSON.stringify(states.map(shown))}\n`);
      else for (const state of states) output.write(`${lineOf(state)}\n`);
      for (const name of unreadable) {
        errors.write(`${inLine(name)}: what is kept of it can't be read, and status ${inLine(name)} may tell why\n`);
      }
      if (unreadable.length > 0) return EXIT.failed;
      if (states.length === 0) errors.write("No job was ever started there\n");
      return EXIT.done;
    }
    const state = await backend.status(job, deadline());
    if (json) output.write(`${JSON.stringify(state && shown(state))}\n`);
    else if (state !== null) output.write(`${lineOf(state)}\n`);
    return state === null ? neverStarted(job, errors) : EXIT.done;
  });
}

/** `release JOB`: interrupts the lock that is active now, and no other. */
export function release(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [1, 1], async (backend, { job = "", json }) => {
    const { output, errors, deadline } = surroundings;
    const state = await backend.status(job, deadline());
    if (state === null) return neverStarted(job, errors);
    const { active, finishedUntil } = state;
    if (active === null) {
      errors.write(`${inLine(job)} is held by nobody: there is nothing to release\n`);
      return EXIT.nothingThere;
    }
    await backend.interrupt({ jobName: job, id: active.id, record: null }, deadline());
    output.write(
      json
        ? `${JSON.stringify({ name: job, released: shownLock(active) })}\n`
        : `Released ${inLine(job)}, which was held by ${holderLine(active.holder)} since ${active.createdAt}: ${
            finishedUntil === null
              ? "nothing of it has finished yet, so the next start gets its first interval, up to then"
              : `${active.intervalStartedAt} to ${active.intervalEndedAt} will be granted again`
          }\n`,
    );
    return EXIT.done;
  });
}

function neverStarted(job: string, errors: CommandSurroundings["errors"]): Exit {
  errors.write(`${inLine(job)} was never started\n`);
  return EXIT.nothingThere;
}

interface Asked {
  readonly url: string;
  readonly job: string | undefined;
  readonly json: boolean;
}

async function onBackend(
  surroundings: CommandSurroundings,
  jobs: readonly [least: number, most: number],
  work: (backend: JobBackend, asked: Asked) => Promise<Exit>,
): Promise<Exit> {
  const { args, env, now, output, errors } = surroundings;
  try {
    const asked = askedIn(args, env, jobs);
    if (asked === null) {
      output.write(`Usage: cronyx-action COMMAND\n\n${JOB_COMMANDS_HELP}`);
      return EXIT.done;
    }
    const backend = await openBackend(asked.url, {
      token: env.CRONYX_TOKEN ?? "",
      credentials: credentialsIn(env),
      userAgent: "cronyx",
      env,
      temporary: tmpdir(),
      log: (line) => errors.write(`${inLine(line)}\n`),
      now,
      terms: COMMAND_TERMS,
    });
    const unprotected = unprotectedLine(asked.url);
    if (unprotected !== null) errors.write(`${unprotected}\n`);
    try {
      return await work(backend, asked);
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (error instanceof ArgumentError || error instanceof StoreError || error instanceof LockLostError) {
      errors.write(`${inLine(error.message)}\n`);
      return error instanceof ArgumentError ? EXIT.wrongUse : EXIT.failed;
    }
    throw error;
  }
}

/** @returns null if help is asked for. */
function askedIn(
  args: readonly string[],
  env: CommandSurroundings["env"],
  [least, most]: readonly [number, number],
): Asked | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const url = values.url ?? env.CRONYX_URL;
  if (!url) throw new ArgumentError("It isn't said where the locks are: give --url or set CRONYX_URL");
  if (positionals.length < least) throw new ArgumentError("Which job isn't said: give its name");
  if (positionals.length > most) {
    throw new ArgumentError(
      `${JSON.stringify(positionals[most])} is one name too many: give one job, in quotes if need be`,
    );
  }
  return { url, job: positionals[0], json: values.json };
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
    throw new ArgumentError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function credentialsIn({
  CRONYX_TOKEN: token,
  CRONYX_USERNAME: username,
  CRONYX_PASSWORD: password,
}: CommandSurroundings["env"]): Credentials {
  if (!username !== !password) {
    const [missing, given] = username ? ["PASSWORD", "USERNAME"] : ["USERNAME", "PASSWORD"];
    throw new ArgumentError(`CRONYX_${missing} is missing, and CRONYX_${given} is given: give both or neither`);
  }
  if (username) return { kind: "basic", username, password: password ?? "" };
  return token ? { kind: "bearer", token: async () => token } : { kind: "none" };
}

function lineOf({ name, active, finishedUntil }: JobState): string {
  const done = finishedUntil === null ? "nothing finished yet" : `finished until ${finishedUntil}`;
  if (active === null) return `${inLine(name)}: free, ${done}`;
  return `${inLine(name)}: held by ${holderLine(active.holder)} since ${active.createdAt} for ${active.intervalStartedAt} to ${active.intervalEndedAt}, ${done}`;
}

function shown({ name, active, finishedUntil, history }: JobState) {
  return { name, lock: active === null ? null : shownLock(active), finishedUntil, history };
}

/** Without the idempotency key: it belongs to whoever holds the lock. */
function shownLock({ id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder }: Lock) {
  return { id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder };
}
