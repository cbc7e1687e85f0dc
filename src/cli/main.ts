#!/usr/bin/env node
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { deadlineIn } from "../network/deadline.ts";
import { JOB_COMMANDS_HELP } from "./command-line.ts";
import { release, skip, status } from "./job-commands.ts";
import type { LockSurroundings } from "./start-lock.ts";

type Pino = typeof import("pino").pino;

/** The longest part of the log that waits to be written, in bytes: later lines are lost. */
const LONGEST_UNWRITTEN = 16 * 1024 * 1024;

const USAGE = `Usage: cronyx-action COMMAND

  serve [FLAGS]                     runs a CronyxServer; serve --help shows its settings
${JOB_COMMANDS_HELP}
cronyx-action --version prints the release.
`;

const [command, ...args] = process.argv.slice(2);

// A disk may be full, and a terminal may be gone. Such a line is lost, and the command must still end its lock.
process.stderr.on("error", () => {});
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // These commands hold a lock, which they must end first.
  if (command === "start" || command === "exec") return;
  // A reader such as head closes its end when it has read enough. The rest of the output has no reader.
  if (error.code === "EPIPE") process.exit();
  throw error;
});

const surroundings = { args, env: process.env, now: Date.now, output: process.stdout, errors: process.stderr, confirm };

/** The commands, each with a function that returns its exit code. */
const COMMANDS: ReadonlyMap<string, () => Promise<number>> = new Map([
  ["serve", serveHere],
  ["status", () => status({ ...surroundings, deadline })],
  ["release", () => release({ ...surroundings, deadline })],
  ["skip", () => skip({ ...surroundings, deadline })],
  ["exec", async () => (await import("./exec.ts")).exec(lockSurroundings())],
  ["start", async () => (await lockCommands()).start(lockSurroundings())],
  ["finish", async () => (await lockCommands()).finish(lockSurroundings())],
  ["interrupt", async () => (await lockCommands()).interrupt(lockSurroundings())],
]);

const run = COMMANDS.get(command ?? "");
if (run !== undefined) process.exitCode = await run();
else if (command === "--version") process.stdout.write(`${version()}\n`);
else if (command === "--help" || command === "-h") process.stdout.write(USAGE);
else {
  const names = [...COMMANDS.keys()].join(", ").replace(/, (\w+)$/, " or $1");
  process.stderr.write(
    command === undefined
      ? USAGE
      : `${JSON.stringify(command)} is not a command: use ${names}; --help describes them\n`,
  );
  process.exitCode = 2;
}

/** Anything but "y" or "yes" is a no. */
async function confirm(question: string): Promise<boolean | null> {
  if (!process.stdin.isTTY) return null;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function deadline(ms = 60_000, signal?: AbortSignal) {
  return deadlineIn(ms, signal);
}

/** Loaded for these commands only. */
function lockCommands() {
  return import("./lock-commands.ts");
}

function lockSurroundings(): LockSurroundings {
  return {
    ...surroundings,
    deadline,
    newId: randomUUID,
    platform: process.platform,
    cancellation,
    print: (line) =>
      new Promise((resolve, reject) => {
        process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
      }),
    input: () => text(process.stdin),
  };
}

function cancellation(): AbortSignal {
  const cancelled = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)
    process.on(signal, () => cancelled.abort(signal));
  return cancelled.signal;
}

/** A server's dependencies are loaded for this command only, and once its settings are known to be right. */
async function serveHere(): Promise<number> {
  const [{ serve }, { openDatabase }] = await Promise.all([import("./serve.ts"), import("../store/open-database.ts")]);
  return serve({
    ...surroundings,
    openLog: async () => logDestination((await import("pino")).pino),
    version: version(),
    newId: randomUUID,
    openStore: openDatabase,
    onStop: (stop) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop(signal));
    },
  });
}

/**
 * A destination with which the server goes on while no line can be written, as on a full disk. The lines are written once there
 * is room. Otherwise pino would end the process, and at its end try to write them forever.
 */
function logDestination(pino: Pino) {
  // Asynchronous: requests do not wait for the log's reader, and lines that come meanwhile are written together.
  const destination = pino.destination({ dest: 1, sync: false, maxLength: LONGEST_UNWRITTEN });
  destination.on("error", () => {});
  // A write in progress keeps the process alive until it ends, so the last lines need no flush.
  destination.flushSync = () => {};
  return destination;
}

/** The version in package.json, read from `src/cli/` or from `dist/package/cli/`. */
function version(): string {
  const up = import.meta.url.includes("/dist/package/") ? "../../../" : "../../";
  return JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), "utf8")).version;
}
