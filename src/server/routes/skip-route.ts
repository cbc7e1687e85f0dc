import type { FastifyInstance } from "fastify";
import { JobActiveError } from "../../backend/job-backend.ts";
import { toIsoOrNull } from "../../scheduler/instant.ts";
import { type Caller, mayNameFor } from "../auth/authentication.ts";
import { ForbiddenError } from "../auth/forbidden-error.ts";
import { recordRequest } from "../observability/request-log.ts";
import { JobParams, SkipQuery } from "../schemas/requests.ts";
import { errorResponses, JobActiveResponse, JobStateResponse } from "../schemas/responses.ts";
import type { ServerContext } from "../server-context.ts";
import { jobStateResponse } from "./responses.ts";
import { instantIn } from "./start-input.ts";

/** The route that declares intervals done, although no run did them. */
export function addSkip(server: FastifyInstance, { backend, newDeadline, metrics }: ServerContext): void {
  server.put<{ Params: JobParams; Querystring: SkipQuery }>(
    "/:jobName/skip",
    {
      config: { operation: "skip" },
      schema: {
        operationId: "skipJob",
        summary: "Declares all intervals of a job up to an instant done, although no run did them",
        params: JobParams,
        querystring: SkipQuery,
        response: {
          200: JobStateResponse,
          ...errorResponses(400, 401, 403, 404, 413, 500, 503),
          409: JobActiveResponse,
        },
      },
    },
    async ({ params: { jobName }, query, caller }, reply) => {
      checkMaySkip(jobName, caller);
      try {
        const status = await backend.skip(jobName, instantIn("until", query.until), newDeadline());
        recordRequest(reply, metrics, { outcome: "skipped" });
        return jobStateResponse(status, mayNameFor(caller));
      } catch (error) {
        if (!(error instanceof JobActiveError)) throw error;
        const { message, holder, since } = error;
        recordRequest(reply, metrics, { outcome: "active" });
        const fix = "wait for its run, or interrupt its lock";
        return reply.code(409).send({ message: `${message}: ${fix}`, holder, since: toIsoOrNull(since) });
      }
    },
  );
}

/** @throws ForbiddenError */
export function checkMaySkip(jobName: string, caller: Caller | null): void {
  if (caller?.maySkip(jobName)) return;
  throw new ForbiddenError("not-allowed", {
    field: "skip",
    problem: "is not allowed by the token's rules, since it discards work",
    expected: 'basic authentication, or a rule for the job with "skip": true',
  });
}
