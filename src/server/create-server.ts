import accepts from "@fastify/accepts";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyError, type FastifyInstance, LogController } from "fastify";
import { type Instant, SECOND } from "../scheduler/instant.ts";
import { addAccessControl } from "./auth/access-control.ts";
import { badInput, type SchemaError } from "./bad-request.ts";
import type { JobSummary } from "./jobs/job-summary.ts";
import { JobSummaryCache } from "./jobs/job-summary-cache.ts";
import { loggableError } from "./observability/loggable-error.ts";
import { createMetrics, type JobCounts, type Metrics } from "./observability/metrics.ts";
import { refuse } from "./refuse.ts";
import { addJobRoutes } from "./routes/job-routes.ts";
import { addRootRoutes } from "./routes/root-routes.ts";
import { addServiceRoutes } from "./routes/service-routes.ts";
import type { ServerOptions } from "./server-options.ts";

/** The REST API of a backend: docs/rest-api.md. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, now, newDeadline, schemes, anyHost = false } = options;
  const summaries = new JobSummaryCache({ store, now, newDeadline });
  const metrics = createMetrics(() => countJobs(summaries, now));
  const context = { ...options, metrics, summaries };
  const server = newFastify(options, metrics);
  // The response schemas are for /openapi.json. As serializers they would drop every field that they do not name.
  server.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  closeConnectionsOnShutdown(server);
  server.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headersOfEachAnswer(options));
    done();
  });
  await server.register(accepts);
  await server.register(swagger, { openapi: openapiOf(options) });
  addAccessControl(server, { schemes, anyHost, metrics });
  server.setErrorHandler<FastifyError>((error, _, reply) => refuse(error, reply, metrics));
  await server.register(async (scope) => addJobRoutes(scope, context));
  await server.register(async (scope) => addRootRoutes(scope, context));
  await server.register(async (scope) => addServiceRoutes(scope, context));
  return server;
}

/**
 * The first header is the mark of this project's server: clients take an answer without it for a proxy's. The second one keeps
 * caches from repeating an answer with the mark.
 */
const headersOfEachAnswer = ({ version }: Pick<ServerOptions, "version">) => ({
  "cronyx-server": version,
  "cache-control": "no-store",
});

const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const REQUEST_TIMEOUT = 30_000;
const HEADERS_TIMEOUT = 10_000;
/** How often Node looks for requests that exceed these timeouts. */
const TIMEOUT_CHECK_INTERVAL = 1_000;

function newFastify(
  { log, version, requestTimeout = REQUEST_TIMEOUT }: ServerOptions,
  metrics: Metrics,
): FastifyInstance {
  return Fastify({
    // Fastify logs the errors of Node's HTTP parser, which contain the raw request with its credentials.
    loggerInstance: log.child({}, { serializers: { err: loggableError } }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(HEADERS_TIMEOUT, requestTimeout),
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL,
    },
    forceCloseConnections: "idle",
    routerOptions: {
      ignoreTrailingSlash: true,
      // The schema refuses long job names, with a better message than the router's 404.
      maxParamLength: MAX_HEADER_BYTES,
    },
    // Input is validated as it was sent: Ajv must not convert, remove or add values.
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        verbose: true,
        // Ajv's optimiser doubles the time that it takes to compile a check, and the check is not faster.
        code: { optimize: false },
      },
    },
    schemaErrorFormatter: (errors, part) => badInput(errors as readonly SchemaError[], part),
    // Hooks do not run for these errors.
    frameworkErrors: (error, _, reply) => refuse(error, reply.headers(headersOfEachAnswer({ version })), metrics),
  });
}

/** Counting reads every job, so most scrapes get the last count. */
const COUNTS_MAX_AGE = 15_000;

async function countJobs(summaries: JobSummaryCache, now: () => Instant): Promise<JobCounts> {
  const all = [...(await summaries.read(COUNTS_MAX_AGE)).values()];
  const count = (holds: (summary: JobSummary) => boolean) => all.filter(holds).length;
  let oldest: Instant | null = null;
  for (const { lockedAt } of all) if (lockedAt !== null && lockedAt < (oldest ?? Infinity)) oldest = lockedAt;
  return {
    active: count(({ lockedAt }) => lockedAt !== null),
    overdue: count(({ overdueAt }) => overdueAt !== null && now() >= overdueAt),
    failing: count(({ failing }) => failing),
    damaged: count(({ damaged }) => damaged === true),
    oldestLockAge: oldest === null ? 0 : Math.max(0, now() - oldest) / SECOND,
  };
}

/** Fastify closes idle connections only. A connection with a request in flight would stay open after it, as keep-alive. */
function closeConnectionsOnShutdown(server: FastifyInstance): void {
  let isClosing = false;
  server.addHook("preClose", (done) => {
    isClosing = true;
    done();
  });
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (isClosing) reply.header("connection", "close");
    done();
  });
}

function openapiOf({ schemes, version }: ServerOptions) {
  const securitySchemes = Object.fromEntries(
    schemes.map(({ name }) => [name, { type: "http" as const, scheme: name.toLowerCase() }]),
  );
  return {
    openapi: "3.1.0",
    info: { title: "CronyxServer", version, description: "Runs jobs once per interval" },
    ...(schemes.length > 0 && {
      components: { securitySchemes },
      security: schemes.map(({ name }) => ({ [name]: [] })),
    }),
  };
}
