import type { FastifyInstance } from "fastify";
import { ServiceError } from "../../errors/service-error.ts";
import { deadlineIn, within } from "../../network/deadline.ts";
import { mayUseFor } from "../auth/authentication.ts";
import { isDamaged, nameOf, readStatuses } from "../jobs/read-jobs.ts";
import { loggableError } from "../observability/loggable-error.ts";
import type { JobGauges } from "../observability/metrics.ts";
import { errorResponses, HealthResponse } from "../schemas/responses.ts";
import type { ServerContext } from "../server-context.ts";

/** The routes that concern the server as a whole. */
export async function addServiceRoutes(server: FastifyInstance, context: ServerContext): Promise<void> {
  const { metrics } = context;
  addHealthcheck(server, context);
  server.get("/metrics", { schema: { hide: true } }, async ({ caller }, reply) => {
    const text = await metrics.text(await listedGauges(context, mayUseFor(caller)));
    return reply.type(metrics.contentType).serializer(String).send(text);
  });
  server.get("/openapi.json", { schema: { hide: true } }, async () => server.swagger());
}

/**
 * Reads the jobs of the setting METRICS_JOBS. A job that was never started, and one whose state document is damaged, has
 * gauges too, so that an alert can be about them.
 *
 * @param mayUse Whether the caller may read a job.
 */
async function listedGauges(
  context: ServerContext,
  mayUse: (jobName: string) => boolean,
): Promise<readonly JobGauges[]> {
  const names = (context.metricsJobs ?? []).filter(mayUse);
  const gauges = new Map<string, JobGauges>(
    names.map((jobName) => [jobName, { jobName, overdue: null, failing: null, behind: null }]),
  );
  try {
    for await (const job of readStatuses(names, context)) {
      const jobName = nameOf(job);
      const next = isDamaged(job) ? { overdue: null, failing: true, behind: null } : job.next;
      gauges.set(jobName, { jobName, overdue: next.overdue, failing: next.failing, behind: next.behind });
    }
  } catch (error) {
    // The gauges of all jobs are NaN too while the store cannot be read.
    if (!(error instanceof ServiceError)) throw error;
  }
  return [...gauges.values()];
}

/** Load balancers usually give up after some 5 seconds. */
const HEALTHCHECK_TIMEOUT = 3_000;

function addHealthcheck(server: FastifyInstance, context: ServerContext): void {
  const { backend, healthcheckTimeout = HEALTHCHECK_TIMEOUT } = context;
  server.get(
    "/healthcheck",
    {
      config: { public: true },
      schema: {
        operationId: "healthcheck",
        summary: "Whether the server reaches its store. Needs no credentials",
        security: [],
        response: {
          200: { description: "The server reaches its store", ...HealthResponse },
          503: { description: "The server cannot reach its store", ...HealthResponse },
          ...errorResponses(),
        },
      },
    },
    async (request, reply) => {
      const deadline = deadlineIn(healthcheckTimeout);
      try {
        // Reading one job is the cheapest request to the store. The job need not exist.
        if (await within(deadline, backend.status("healthcheck", deadline))) return { ok: true };
        throw new ServiceError("database-unreachable", {
          place: "The store",
          problem: `did not answer within ${healthcheckTimeout} ms`,
          effect: "none",
        });
      } catch (error) {
        // The store has answered, even if a job of this name exists and is damaged.
        if (error instanceof ServiceError && error.code === "document-damaged") return { ok: true };
        request.log.error({ error: loggableError(error) }, "healthcheck");
        return reply.code(503).send({ ok: false });
      }
    },
  );
}
