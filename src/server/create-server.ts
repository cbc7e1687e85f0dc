import type { Socket } from "node:net";
import accepts from "@fastify/accepts";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyError, type FastifyInstance, LogController } from "fastify";
import { guard } from "./auth/access-control.ts";
import { badInput, type SchemaError } from "./bad-request.ts";
import { JobSummaryCache } from "./jobs/job-summary-cache.ts";
import { createMetrics } from "./observability/metrics.ts";
import { refuse } from "./refuse.ts";
import { addJobRoutes } from "./routes/job-routes.ts";
import { addRootRoutes } from "./routes/root-routes.ts";
import { addServiceRoutes } from "./routes/service-routes.ts";
import type { ServerOptions } from "./server-options.ts";

const LARGEST_BODY = 64 * 1024;
const LARGEST_HEADERS = 16 * 1024;
const LONGEST_REQUEST = 30_000;
const LONGEST_HEADERS = 10_000;
/** Node looks for requests that take too long only this often. */
const CHECKS_APART = 1_000;

/** The REST face of a backend: docs/rest-api.md. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, now, deadline, schemes, log, anyHost = false, requestTimeout = LONGEST_REQUEST } = options;
  const summaries = new JobSummaryCache(store, now, deadline);
  const metrics = createMetrics(() => countActive(summaries));
  const server = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LARGEST_BODY,
    requestTimeout: requestTimeout,
    http: {
      maxHeaderSize: LARGEST_HEADERS,
      headersTimeout: Math.min(LONGEST_HEADERS, requestTimeout),
      connectionsCheckingInterval: CHECKS_APART,
    },
    forceCloseConnections: "idle",
    routerOptions: {
      ignoreTrailingSlash: true,
      // Names of too many characters are the schema's to refuse; the headers' limit bounds the path too.
      maxParamLength: LARGEST_HEADERS,
    },
    // What was sent is checked as it is: nothing is converted, taken away or filled in.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true } },
    schemaErrorFormatter: (faults, part) => badInput(faults as readonly SchemaError[], part),
    frameworkErrors: (error, request, reply) => refuse(error, request, reply, metrics),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, requestTimeout),
  });
  // The schemas of answers are for readers of /openapi.json: as serializers they would drop what they don't name.
  server.setSerializerCompiler(() => (answer) => JSON.stringify(answer));

  letGo(server);
  await server.register(accepts);
  await server.register(swagger, { openapi: description(options) });
  guard(server, schemes, metrics, anyHost);
  server.setErrorHandler<FastifyError>((error, request, reply) => refuse(error, request, reply, metrics));
  await server.register(async (routes) => addJobRoutes(routes, options, metrics));
  await server.register(async (routes) => addRootRoutes(routes, options, metrics, summaries));
  await server.register(async (routes) => addServiceRoutes(routes, options, metrics));
  return server;
}

/** Counting reads every job, so it isn't done for each scrape. */
const COUNTS_APART = 15_000;

async function countActive(summaries: JobSummaryCache): Promise<number> {
  let count = 0;
  for (const { lockedAt } of (await summaries.read(COUNTS_APART)).values()) if (lockedAt !== null) count++;
  return count;
}

/** A connection whose request was in flight when the server began to close would be kept alive, and the server with it. */
function letGo(server: FastifyInstance): void {
  let closing = false;
  server.addHook("preClose", (done) => {
    closing = true;
    done();
  });
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (closing) reply.header("connection", "close");
    done();
  });
}

function description({ schemes, version }: ServerOptions) {
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

type Broken = readonly [status: string, message: string];

function statusOfBroken(code: string | undefined, requestTimeout: number): Broken {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return [
        "431 Request Header Fields Too Large",
        `The request line and headers take more than ${LARGEST_HEADERS} bytes: send fewer`,
      ];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["408 Request Timeout", `The request took longer than ${requestTimeout} ms to get here`];
    default:
      return ["400 Bad Request", "This is no HTTP request"];
  }
}

/** For what isn't HTTP, or not in time: there is no request to answer to. */
function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket, requestTimeout: number): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, message] = statusOfBroken(error.code, requestTimeout);
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
