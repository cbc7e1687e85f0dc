import { readFileSync } from "node:fs";
import { type Logger, pino } from "pino";
import { LocalBackend } from "../backend/local.ts";
import { type Deadline, deadlineIn, within } from "../network/deadline.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import type { Instant } from "../scheduler/instant.ts";
import { basicScheme } from "../server/auth/basic-scheme.ts";
import { oidcScheme } from "../server/auth/oidc-scheme.ts";
import { type Configuration, helpText, loadConfiguration } from "../server/configuration.ts";
import { createServer } from "../server/create-server.ts";
import { loggableError } from "../server/observability/loggable-error.ts";
import type { JobStore } from "../store/job-store.ts";

/** What `serve` needs of the world around it. */
export interface ServeSurroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly now: () => Instant;
  readonly newId: () => string;
  readonly openStore: (url: string, log: (line: string) => void, deadline: Deadline) => Promise<JobStore>;
  /** Where lines of the log go. */
  readonly output: { write(line: string): unknown };
  readonly errors: { write(line: string): unknown };
  /** Calls back when the process is told to end. */
  readonly onEnd: (end: (signal: string) => void) => void;
}

/** What the store may take to answer a request, or to open. */
const LONGEST_ANSWER = 10_000;
/** How long requests in flight may take after the server was told to end. */
const LONGEST_GOODBYE = 20_000;

/** Serves until it is told to end. @returns the exit code: 0, 1 for what failed, 2 for a setting that is wrong. */
export async function serve(surroundings: ServeSurroundings): Promise<number> {
  const { args, env, output, errors } = surroundings;
  let configuration: Configuration | null;
  try {
    configuration = loadConfiguration(args, env, (path) => readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    errors.write(`${error.message}\n`);
    return 2;
  }
  if (configuration === null) {
    output.write(helpText());
    return 0;
  }
  const log = pino({ level: configuration.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, output);
  try {
    return await serveUntilEnd(configuration, surroundings, log);
  } catch (error) {
    if (error instanceof ArgumentError) {
      errors.write(`${error.message}\n`);
      return 2;
    }
    const told = loggableError(error);
    log.fatal({ error: told }, `The server can't go on: ${told.message}`);
    return 1;
  }
}

async function serveUntilEnd(configuration: Configuration, surroundings: ServeSurroundings, log: Logger) {
  const { openStore, now, newId, version, onEnd } = surroundings;
  const { jobStoreUrl, timezone, port, host, basic, oidc, insecure } = configuration;
  // Before it listens to signals, they end the process at once: nothing has begun.
  const store = await openStore(jobStoreUrl, (line) => log.warn(line), deadlineIn(LONGEST_ANSWER));
  try {
    const server = await createServer({
      backend: new LocalBackend(store, now),
      store,
      schemes: [
        ...(basic === null ? [] : [basicScheme(basic.username, basic.password)]),
        ...(oidc === null ? [] : [oidcScheme(oidc, now)]),
      ],
      anyHost: insecure,
      timezone,
      now,
      newId,
      newDeadline: () => deadlineIn(LONGEST_ANSWER),
      log,
      version,
    });
    const told = new Promise<string>((resolve) => onEnd(resolve));
    try {
      await server.listen({ port, host, listenTextResolver: (address) => `listening on ${address}` });
    } catch (cause) {
      throw listenFault(cause, configuration);
    }
    log.info({ signal: await told }, "ending");
    const gone = await within(deadlineIn(LONGEST_GOODBYE), server.close());
    // Whoever is still sending would keep the process.
    server.server.closeAllConnections();
    log.info(gone ? "ended" : "ended, with requests unanswered");
    return gone ? 0 : 1;
  } finally {
    await store.close();
  }
}

/** Which setting is at fault where the server can't listen; a port that is taken is nobody's fault. */
function listenFault(cause: unknown, { host, port }: Configuration): unknown {
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (["ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL"].includes(code)) {
    return new ArgumentError(
      `SERVER_HOST is ${JSON.stringify(host)}, which is no address of this machine (${code}): give one that is, or 0.0.0.0 for all of them`,
      { cause },
    );
  }
  if (code !== "EACCES") return cause;
  return new ArgumentError(
    `SERVER_PORT is ${port}, where this user may not listen (${code}): give a number from 1024 to 65535`,
    { cause },
  );
}
