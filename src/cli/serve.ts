import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { LocalBackend } from "../backend/local-backend.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { DatabaseLocation } from "../location/database-location.ts";
import { deadlineIn, within } from "../network/deadline.ts";
import type { Environment } from "../network/environment.ts";
import type { Instant } from "../scheduler/instant.ts";
import type { Scheme } from "../server/auth/authentication.ts";
import { basicScheme } from "../server/auth/basic-scheme.ts";
import { type Configuration, loadConfiguration } from "../server/configuration.ts";
import { loggableError } from "../server/observability/loggable-error.ts";
import { serverMessage } from "../server/remedies.ts";
import { helpText } from "../server/settings.ts";
import type { JobStore } from "../store/job-store.ts";
import type { DatabaseOptions } from "../store/sql/database-options.ts";

/** All that `serve` uses outside of this process. */
interface ServeSurroundings {
  readonly args: readonly string[];
  readonly env: Environment;
  readonly version: string;
  readonly now: () => Instant;
  readonly newId: () => string;
  readonly openStore: (database: DatabaseLocation, options: DatabaseOptions) => Promise<JobStore>;
  /** Opens the destination of the log's lines. */
  readonly openLog: () => Promise<{ write(line: string): unknown }>;
  /** Gets the help. */
  readonly output: { write(text: string): unknown };
  readonly errors: { write(line: string): unknown };
  /** Registers a callback for the signal to stop. */
  readonly onStop: (stop: (signal: string) => void) => void;
}

/** The longest time in which the store may open, or answer a request, in milliseconds. */
const LONGEST_ANSWER = 10_000;
/** The longest time for requests in flight after the signal to stop, in milliseconds. */
const LONGEST_SHUTDOWN = 20_000;

/**
 * Serves until the signal to stop, or until the store is lost.
 *
 * @returns the exit code: 0 on success, 1 on failure, 2 for a wrong setting.
 */
export async function serve(surroundings: ServeSurroundings): Promise<number> {
  const { args, env, output, errors } = surroundings;
  try {
    const configuration = await loadConfiguration(args, env, (path) => readFileSync(path, "utf8"));
    if (configuration !== null) return await serveLogging(configuration, surroundings);
    output.write(helpText());
    return 0;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    errors.write(`${serverMessage(error)}\n`);
    return 2;
  }
}

/** @throws ArgumentError for a setting that turns out to be wrong. The log gets all other errors. */
async function serveLogging(configuration: Configuration, surroundings: ServeSurroundings): Promise<number> {
  const [{ pino }, destination] = await Promise.all([import("pino"), surroundings.openLog()]);
  const level = configuration.logLevel;
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  try {
    return await serveUntilEnd(configuration, surroundings, log);
  } catch (error) {
    if (error instanceof ArgumentError) throw error;
    const logged = loggableError(error);
    log.fatal({ error: logged }, `The server cannot run: ${logged.message}`);
    return 1;
  }
}

async function serveUntilEnd(
  configuration: Configuration,
  surroundings: ServeSurroundings,
  log: Logger,
): Promise<number> {
  const { openStore, now, newId, version, onStop } = surroundings;
  const { database, timezone, port, host, insecure, metricsJobs } = configuration;
  const { createServer } = await import("../server/create-server.ts");
  const schemes = await schemesOf(configuration, now);
  // Signals are not handled yet: until the server is made they end the process at once, as Node does by default.
  let onLost = (_: ServiceError) => {};
  const lost = new Promise<ServiceError>((resolve) => {
    onLost = resolve;
  });
  const warn = (line: string) => log.warn(line);
  const store = await openStore(database, { log: warn, deadline: deadlineIn(LONGEST_ANSWER), onLost });
  try {
    const server = await createServer({
      backend: new LocalBackend({ store, now, log: warn }),
      store,
      schemes,
      anyHost: insecure,
      timezone,
      now,
      newId,
      newDeadline: () => deadlineIn(LONGEST_ANSWER),
      log,
      version,
      metricsJobs,
    });
    const stopped = new Promise<string>((resolve) => onStop(resolve));
    try {
      await server.listen({ port, host, listenTextResolver: (address) => `listening on ${address}` });
    } catch (cause) {
      throw listenFault(cause, configuration);
    }
    const reason = await Promise.race([stopped, lost]);
    const isLost = reason instanceof ServiceError;
    if (isLost) log.fatal({ error: loggableError(reason) }, `stopping: ${serverMessage(reason)}`);
    else log.info({ signal: reason }, "stopping");
    const isClosed = await within(deadlineIn(LONGEST_SHUTDOWN), server.close());
    // Open connections would keep the process alive.
    server.server.closeAllConnections();
    log.info(isClosed ? "stopped" : "stopped with requests unanswered");
    return isClosed && !isLost ? 0 : 1;
  } finally {
    await store.close();
  }
}

async function schemesOf({ basic, oidc }: Configuration, now: () => Instant): Promise<readonly Scheme[]> {
  const schemes = basic === null ? [] : [basicScheme(basic.username, basic.password)];
  if (oidc !== null) {
    const { oidcScheme } = await import("../server/auth/oidc-scheme.ts");
    schemes.push(oidcScheme(oidc, now));
  }
  return schemes;
}

/** @returns the setting that keeps the server from listening, or the cause itself, such as a port in use. */
function listenFault(cause: unknown, { host, port }: Configuration): unknown {
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (["ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL"].includes(code)) {
    return new ArgumentError("not-allowed", {
      field: "SERVER_HOST",
      value: host,
      problem: `is not an address of this machine (${code})`,
      expected: "one that is, or 0.0.0.0 for all of them",
      cause,
    });
  }
  if (code === "EADDRINUSE") {
    return new ArgumentError("not-allowed", {
      field: "SERVER_PORT",
      value: port,
      problem: `is in use by another program at ${host}`,
      expected: "another port, or end that program",
      cause,
    });
  }
  if (code !== "EACCES") return cause;
  return new ArgumentError("not-allowed", {
    field: "SERVER_PORT",
    value: port,
    problem: `may not be listened on by this user (${code})`,
    expected: "a number from 1024 to 65535",
    cause,
  });
}
