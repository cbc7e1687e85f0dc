import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { StartAnswer } from "../../backend/job-backend.ts";
import { ArgumentError } from "../../errors/argument-error.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import { type Caller, mayNameFor } from "../auth/authentication.ts";
import { ForbiddenError } from "../auth/forbidden-error.ts";
import { EncodedBodyError } from "../bad-request.ts";
import type { OperationOutcome } from "../observability/operation.ts";
import { recordRequest } from "../observability/request-log.ts";
import { JobParams, NoQuery, StartBody, StartHeaders, StartQuery } from "../schemas/requests.ts";
import { errorResponses, JobResponse, JobStateResponse, RefusalResponse } from "../schemas/responses.ts";
import type { ServerContext } from "../server-context.ts";
import { addLockRoutes } from "./lock-routes.ts";
import { RecentGrants } from "./recent-grants.ts";
import { jobResponse, jobStateResponse, refusalResponse } from "./responses.ts";
import { addSkip } from "./skip-route.ts";
import { claimIn, startRequestIn } from "./start-input.ts";

/** The routes that start, end and show one job. */
export async function addJobRoutes(server: FastifyInstance, context: ServerContext): Promise<void> {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_: FastifyRequest, body: Buffer) =>
    parseBody(body),
  );
  const grants = new RecentGrants();
  addStart(server, context, grants);
  addJobState(server, context);
  await server.register(async (scope) => {
    // Ends have no body. One that is sent is read and ignored, whatever its content type.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, async () => undefined);
    // Fastify refuses a malformed content type before it looks for a parser.
    scope.addHook("onRequest", (request, _reply, done) => {
      delete request.raw.headers["content-type"];
      done();
    });
    addLockRoutes(scope, context, grants);
    addSkip(scope, context);
  });
}

function addJobState(server: FastifyInstance, { backend, newDeadline }: ServerContext): void {
  server.get<{ Params: JobParams }>(
    "/:jobName",
    {
      schema: {
        operationId: "getJob",
        summary: "The state of a job",
        params: JobParams,
        querystring: NoQuery,
        response: { 200: JobStateResponse, ...errorResponses(400, 401, 403, 404, 500, 503) },
      },
    },
    async ({ params: { jobName }, caller }, reply) => {
      const status = await backend.status(jobName, newDeadline());
      if (status === null) return reply.code(404).send({ message: `Cannot find job for ${jobName}` });
      return jobStateResponse(status, mayNameFor(caller));
    },
  );
}

const START_SCHEMA = {
  operationId: "startJob",
  summary: "Starts the next due interval of a job",
  params: JobParams,
  body: StartBody,
  querystring: StartQuery,
  headers: StartHeaders,
  response: {
    200: {
      description:
        "The granted job, or null if the start is refused. With explain=true, the refusal's reason instead of null",
      ...Type.Union([JobResponse, RefusalResponse, Type.Null()]),
    },
    ...errorResponses(400, 401, 403, 413, 415, 500, 503),
  },
};

function addStart(server: FastifyInstance, context: ServerContext, grants: RecentGrants): void {
  const { backend, timezone, newId, newDeadline, metrics } = context;
  server.post<{ Params: JobParams; Body: StartBody; Querystring: StartQuery; Headers: StartHeaders }>(
    "/:jobName",
    { config: { operation: "start" }, schema: START_SCHEMA, preParsing: refuseEncodedBody },
    async (request, reply) => {
      const { params, body, query } = request;
      const start = startRequestIn({ jobName: params.jobName, body, query, timezone });
      checkRequiredJobs(start, request.caller);
      // Without a write, a grant repeats that of the same idempotency key.
      let wrote = false;
      const beforeTaking = () => {
        wrote = true;
      };
      const claim = claimIn(request, { newId, beforeTaking });
      const answer = await backend.start(start, claim, newDeadline());
      if (answer.started && answer.lock !== null) grants.add(answer.lock);
      recordRequest(reply, metrics, {
        outcome: outcomeOf(answer, wrote),
        runUrl: claim.holder?.runUrl,
        takeover: wrote && answer.started && answer.takenOver !== null,
      });
      const explain = query.explain === "true";
      if (answer.started) return jobResponse(answer, start, explain);
      if (explain) return refusalResponse(answer);
      // Fastify would send the value null as an empty body.
      return reply.type("application/json; charset=utf-8").serializer(String).send("null");
    },
  );
}

/** @throws EncodedBodyError for a compressed body. */
async function refuseEncodedBody({ headers }: FastifyRequest): Promise<void> {
  const { "content-encoding": encoding = "identity" } = headers;
  if (encoding.toLowerCase() !== "identity") throw new EncodedBodyError(encoding);
}

/** A refusal shows a required job's progress, so the caller needs permission. @throws ForbiddenError */
function checkRequiredJobs({ requiredJobNames = [] }: StartRequest, caller: Caller | null): void {
  const forbidden = requiredJobNames.find((name) => !caller?.mayRequire(name));
  if (forbidden === undefined) return;
  throw new ForbiddenError("not-allowed", {
    field: "requiredJobNames",
    value: forbidden,
    problem: "is not allowed by the token's rules",
    expected: "jobs that a rule allows, or add this one to the jobs or requires of a rule",
  });
}

function outcomeOf(answer: StartAnswer, wrote: boolean): OperationOutcome {
  if (!answer.started) return answer.reason;
  return wrote || answer.lock === null ? "started" : "started-again";
}

const BODY_FORMAT = `an object of ${Object.keys(StartBody.properties).join(", ")}, as application/json`;

/** One for all requests: a decoder takes longer to make than to use. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

function parseBody(body: Buffer): unknown {
  const about = { field: "The body", expected: BODY_FORMAT };
  if (body.length === 0) throw new ArgumentError("missing", { ...about, problem: "is empty" });
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch (cause) {
    throw new ArgumentError("wrong-type", { ...about, problem: "is not JSON in UTF-8", cause });
  }
}
