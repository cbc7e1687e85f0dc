import type { FastifyInstance, FastifyRequest } from "fastify";
import { shownValue } from "../../errors/shown-value.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { OperationOutcome } from "../observability/operation.ts";
import { recordRequest } from "../observability/request-log.ts";
import { requestedJobNames } from "../observability/requested-operation.ts";
import { authenticate, type Caller, IssuerUnreachable, type Scheme } from "./authentication.ts";
import { isRebindingSafe } from "./dns-rebinding.ts";
import { RouteMethods } from "./route-methods.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Null until the request is authenticated, and on public routes. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** The route needs no credentials. */
    public?: boolean;
  }
}

interface AccessControlOptions {
  readonly schemes: readonly Scheme[];
  /** Whether a server without authentication answers requests for any `Host`. */
  readonly anyHost: boolean;
  readonly metrics: Metrics;
}

/** Authenticates and authorizes every request before its body is read. */
export function addAccessControl(server: FastifyInstance, { schemes, anyHost, metrics }: AccessControlOptions): void {
  const routes = new RouteMethods(server);
  server.decorateRequest("caller", null);
  server.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.config.public) return;
    if (schemes.length === 0 && !anyHost && !isRebindingSafe(request.headers.host)) {
      return reply.code(421).send({ message: UNSAFE_HOST });
    }
    const denial = await denialOf(request, schemes);
    if (denial !== null) {
      const { status, outcome, message, error, retryAfter } = denial;
      if (retryAfter !== undefined) reply.header("retry-after", retryAfter);
      if (status === 401) {
        const challenges = schemes.map(({ challenge }) => challenge);
        reply.header("www-authenticate", challenges);
      }
      reply.code(status);
      recordRequest(reply, metrics, { outcome, error });
      return reply.send({ message });
    }
    // The not-found handler would run only after the body is read.
    if (request.is404) {
      const allowed = routes.methodsOf(request.url);
      if (allowed.length === 0) return reply.code(404).send({ message: noSuchRoute(request.url) });
      const methods = allowed.join(", ");
      const message = `${request.method} is not a method of this path: use ${methods}`;
      return reply.code(405).header("allow", methods).send({ message });
    }
  });
}

const UNSAFE_HOST =
  "The Host header is a domain name, which a server without authentication refuses because of DNS rebinding: use localhost or an IP address, or start the server with credentials or --insecure";

function noSuchRoute(url: string): string {
  const [path] = url.split("?");
  return `The path ${shownValue(path)} is not a route: use one that /openapi.json lists, with the job name percent-encoded`;
}

interface Denial {
  readonly status: 401 | 403 | 503;
  readonly outcome: OperationOutcome;
  readonly message: string;
  readonly error?: unknown;
  /** In seconds. */
  readonly retryAfter?: number;
}

const UNAUTHORIZED = "The credentials are missing or wrong: use those of a scheme that WWW-Authenticate names";

/** Sets the request's caller. @returns null if the caller may make this request. */
async function denialOf(request: FastifyRequest, schemes: readonly Scheme[]): Promise<Denial | null> {
  try {
    request.caller = await authenticate(schemes, request.headers.authorization);
  } catch (error) {
    if (!(error instanceof IssuerUnreachable)) throw error;
    const { retryAfter } = error;
    const message = "The token cannot be verified now: try again later";
    return { status: 503, outcome: "unavailable", message, error, retryAfter };
  }
  if (request.caller === null) {
    return { status: 401, outcome: "unauthorized", message: UNAUTHORIZED };
  }
  const { hasAnyAccess, mayUse } = request.caller;
  const jobNames = requestedJobNames(request);
  if (jobNames.length === 0 ? hasAnyAccess : jobNames.every((jobName) => mayUse(jobName))) return null;
  return { status: 403, outcome: "forbidden", message: "The server's rules do not allow this request for this token" };
}
