import type { FastifyInstance, FastifyReply } from "fastify";
import { LockLostError } from "../../backend/job-backend.ts";
import { canonicalId } from "../../backend/lock-id.ts";
import type { OperationOutcome } from "../observability/operation.ts";
import { recordRequest } from "../observability/request-log.ts";
import { AbandonParams, LockParams, ResumeHeaders } from "../schemas/requests.ts";
import { AbandonResponse, errorResponses, JobResponse, LockLostResponse } from "../schemas/responses.ts";
import type { ServerContext } from "../server-context.ts";
import type { RecentGrants } from "./recent-grants.ts";
import { activeLockResponse, lockLostResponse } from "./responses.ts";
import { holderIn } from "./start-input.ts";

/** The routes that end, abandon, renew or resume one lock. */
export function addLockRoutes(server: FastifyInstance, context: ServerContext, grants: RecentGrants): void {
  addEnds(server, context, grants);
  addAbandon(server, context);
  addRenew(server, context);
  addResume(server, context);
}

const ERRORS = { ...errorResponses(400, 401, 403, 413, 500, 503), 404: LockLostResponse };

function addEnds(
  server: FastifyInstance,
  { backend, newDeadline, metrics }: ServerContext,
  grants: RecentGrants,
): void {
  for (const [operation, outcome, summary] of [
    ["finish", "finished", "Ends a run that succeeded"],
    ["interrupt", "interrupted", "Ends a run that failed"],
  ] as const) {
    server.put<{ Params: LockParams }>(
      `/:jobName/:jobId/${operation}`,
      {
        config: { operation },
        schema: {
          operationId: `${operation}Job`,
          summary,
          params: LockParams,
          response: { 200: { description: "The run is ended", type: "null" }, ...ERRORS },
        },
      },
      async (request, reply) => {
        const { jobName, jobId } = lockIn(request.params);
        return answering(reply, { jobName, outcome, metrics }, async () => {
          await backend[operation](grants.take(jobName, jobId), newDeadline());
          return undefined;
        });
      },
    );
  }
}

function addAbandon(server: FastifyInstance, { backend, newDeadline, metrics }: ServerContext): void {
  server.put<{ Params: AbandonParams }>(
    "/:jobName/:jobId/abandon",
    {
      config: { operation: "abandon" },
      schema: {
        operationId: "abandonJob",
        summary: "Abandons a start whose answer was lost: its lock is interrupted, or is never granted",
        params: AbandonParams,
        response: { 200: AbandonResponse, ...errorResponses(400, 401, 403, 404, 413, 500, 503) },
      },
    },
    async (request, reply) => {
      const { jobName, jobId } = lockIn(request.params);
      const held = await backend.abandon({ jobName, id: jobId, record: null }, newDeadline());
      recordRequest(reply, metrics, { outcome: held ? "interrupted" : "abandoned" });
      return { held };
    },
  );
}

function addRenew(server: FastifyInstance, { backend, newDeadline, metrics }: ServerContext): void {
  server.put<{ Params: LockParams }>(
    "/:jobName/:jobId/renew",
    {
      config: { operation: "renew" },
      schema: {
        operationId: "renewJob",
        summary: "Updates a lock, so that its retry interval counts from now",
        params: LockParams,
        response: { 200: JobResponse, ...ERRORS },
      },
    },
    async (request, reply) => {
      const { jobName, jobId } = lockIn(request.params);
      return answering(reply, { jobName, outcome: "renewed", metrics }, async () => {
        const lock = await backend.renew({ jobName, id: jobId, record: null }, newDeadline());
        return activeLockResponse({ ...lock, id: jobId });
      });
    },
  );
}

function addResume(server: FastifyInstance, { backend, newDeadline, metrics }: ServerContext): void {
  server.put<{ Params: LockParams; Headers: ResumeHeaders }>(
    "/:jobName/:jobId/resume",
    {
      config: { operation: "resume" },
      schema: {
        operationId: "resumeJob",
        summary: "Makes an interrupted lock active again, if no lock of the job was granted since",
        params: LockParams,
        headers: ResumeHeaders,
        response: { 200: JobResponse, ...ERRORS },
      },
    },
    async (request, reply) => {
      const { jobName, jobId } = lockIn(request.params);
      const holder = holderIn(request);
      return answering(reply, { jobName, outcome: "resumed", metrics }, async () => {
        const lock = await backend.resume({ jobName, id: jobId, record: null }, holder, newDeadline());
        return activeLockResponse({ ...lock, id: jobId });
      });
    },
  );
}

/** @returns the lock that a path names, with its id in the canonical form. */
function lockIn({ jobName, jobId }: LockParams): LockParams {
  return { jobName, jobId: canonicalId(jobId) };
}

interface Answering {
  readonly jobName: string;
  /** The outcome of a call that succeeds. */
  readonly outcome: OperationOutcome;
  readonly metrics: ServerContext["metrics"];
}

/** Logs and counts a call, and answers 404 for a lock that is not active. */
async function answering(reply: FastifyReply, { jobName, outcome, metrics }: Answering, call: () => Promise<unknown>) {
  try {
    const body = await call();
    recordRequest(reply, metrics, { outcome });
    return reply.send(body);
  } catch (error) {
    if (!(error instanceof LockLostError)) throw error;
    recordRequest(reply, metrics, { outcome: "not-found" });
    const { grantedSince } = error;
    return reply
      .code(404)
      .send({ ...lockLostResponse(jobName, error), ...(grantedSince !== null && { grantedSince }) });
  }
}
