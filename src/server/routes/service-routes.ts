import type { FastifyInstance } from "fastify";
import { ServiceError } from "../../errors/service-error.ts";
import { deadlineIn, within } from "../../network/deadline.ts";
import type { Metrics } from "../observability/metrics.ts";
import { loggableError } from "../observability/request-log.ts";
import { Health } from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";

/** What is asked of the server as a whole. */
export async function addServiceRoutes(
  server: FastifyInstance,
  options: ServerOptions,
  metrics: Metrics,
): Promise<void> {
  addHealth(server, options);
  server.get("/metrics", { schema: { hide: true } }, async (_, reply) => {
    return reply
      .type(metrics.contentType)
      .serializer(String)
      .send(await metrics.text());
  });
  server.get("/openapi.json", { schema: { hide: true } }, async () => server.swagger());
}

const LONGEST_CHECK = 3_000;

function addHealth(server: FastifyInstance, { backend, healthcheckTimeout = LONGEST_CHECK }: ServerOptions): void {
  server.get(
    "/healthcheck",
    {
      config: { open: true },
      schema: {
        operationId: "healthcheck",
        summary: "Whether the server can do its work; without credentials",
        security: [],
        response: {
          200: { description: "It can", ...Health },
          503: { description: "The store can't be reached", ...Health },
        },
      },
    },
    async (request, reply) => {
      const deadline = deadlineIn(healthcheckTimeout);
      try {
        // Any name will do: what counts is that the store is asked, and by a request that costs it next to nothing.
        if (await within(deadline, backend.status("healthcheck", deadline))) return { ok: true };
        throw new ServiceError("database-unreachable", {
          place: "The store",
          problem: `gave no answer in ${healthcheckTimeout} ms`,
          effect: "none",
        });
      } catch (error) {
        // A job may be of that name too, and damaged: the store has answered.
        if (error instanceof ServiceError && error.code === "document-damaged") return { ok: true };
        request.log.error({ error: loggableError(error) }, "healthcheck");
        return reply.code(503).send({ ok: false });
      }
    },
  );
}
