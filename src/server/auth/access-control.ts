import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Metrics } from "../observability/metrics.ts";
import { record } from "../observability/request-log.ts";
import { requestedJobNames } from "../observability/requested-operation.ts";
import { authenticate, type Caller, IssuerUnreachable, type Scheme } from "./authentication.ts";
import { isRebindingSafe } from "./dns-rebinding.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Null where anyone may ask. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Answered without credentials. */
    open?: boolean;
  }
}

/**
 * Lets nobody in without credentials, and nobody to a job that is none of theirs, before a byte of the body is read.
 *
 * @param anyHost Whether a server without a login may be asked by any name.
 */
export function guard(server: FastifyInstance, schemes: readonly Scheme[], metrics: Metrics, anyHost: boolean): void {
  server.decorateRequest("caller", null);
  server.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.config.open) return;
    if (schemes.length === 0 && !anyHost && !isRebindingSafe(request.headers.host)) {
      return reply.code(421).send({ message: FOREIGN_HOST });
    }
    const denied = await denial(request, reply, schemes);
    if (denied !== null) {
      const { outcome, message, error } = denied;
      record(request, reply, metrics, { outcome, error });
      return reply.send({ message });
    }
    if (request.is404) return reply.code(404).send({ message: NO_SUCH_ROUTE });
  });
  // Reached by what the hook lets through, which is nothing.
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: NO_SUCH_ROUTE }));
}

const FOREIGN_HOST =
  "Without a login the server answers to localhost and to IP addresses alone, lest any web page reach it by a name of its own: ask it by such a Host, or start it with a login or with --insecure";

const NO_SUCH_ROUTE = "There is nothing here: /openapi.json tells what can be asked, and a job name is percent-encoded";

async function denial(request: FastifyRequest, reply: FastifyReply, schemes: readonly Scheme[]) {
  try {
    request.caller = await authenticate(schemes, request.headers.authorization);
  } catch (error) {
    if (!(error instanceof IssuerUnreachable)) throw error;
    reply.code(503);
    return { outcome: "unavailable" as const, message: "Tokens can't be checked now: try again", error };
  }
  if (request.caller === null) {
    reply.code(401).header(
      "www-authenticate",
      schemes.map(({ challenge }) => challenge),
    );
    return { outcome: "unauthorized" as const, message: "The credentials are missing or wrong" };
  }
  const { hasAnyAccess, mayUse } = request.caller;
  const jobNames = requestedJobNames(request);
  if (jobNames.length === 0 ? hasAnyAccess : jobNames.every((jobName) => mayUse(jobName))) return null;
  reply.code(403);
  return { outcome: "forbidden" as const, message: "The server's rules don't allow this to whoever the token is for" };
}
