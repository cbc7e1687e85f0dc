import type { FastifyInstance } from "fastify";

import { statusOf } from "./answers.ts";
import type { ServerOptions } from "./create-server.ts";
import { failures } from "./job-routes.ts";
import { jobStates } from "./job-states.ts";
import { described } from "./journal.ts";
import type { Metrics } from "./metrics.ts";
import { Health, JobList, type JobStatus } from "./schemas.ts";

/** What is asked of the server as a whole. */
export async function addServiceRoutes(
  server: FastifyInstance,
  options: ServerOptions,
  metrics: Metrics,
): Promise<void> {
  addHealth(server, options);
  addList(server, options);
  server.get("/metrics", { schema: { hide: true } }, async (_, reply) => {
    return reply
      .type(metrics.contentType)
      .serializer(String)
      .send(await metrics.text());
  });
  server.get("/openapi.json", { schema: { hide: true } }, async () => server.swagger());
}

function addHealth(server: FastifyInstance, { backend, deadline }: ServerOptions): void {
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
      try {
        // Any name will do: what counts is that the store is asked, and by a request that costs it next to nothing.
        await backend.status("healthcheck", deadline());
        return { ok: true };
      } catch (error) {
        request.log.error({ error: described(error) }, "healthcheck");
        return reply.code(503).send({ ok: false });
      }
    },
  );
}

function addList(server: FastifyInstance, { store, deadline }: ServerOptions): void {
  server.get(
    "/",
    {
      schema: {
        operationId: "listJobs",
        summary: "What is kept of every job that the caller may use",
        response: { 200: { description: "The jobs", ...JobList }, ...failures(401, 403, 406, 500, 503) },
      },
    },
    async (request, reply) => {
      if (!takesJson(request.headers.accept)) {
        return reply.code(406).send({ message: "The jobs are told as application/json alone: accept that" });
      }
      const until = deadline();
      const names = (await store.list(until)).filter((name) => request.caller?.mayUse(name));
      const jobs: JobStatus[] = [];
      for await (const state of jobStates(store, names, until)) jobs.push(statusOf(state));
      return { jobs };
    },
  );
}

/** Browsers ask for HTML first, and take anything. */
function takesJson(accept = "*/*"): boolean {
  const types = accept.split(",").map((range) => range.split(";")[0]?.trim().toLowerCase());
  if (types.includes("application/json")) return true;
  return !types.includes("text/html") && (types.includes("*/*") || types.includes("application/*"));
}
