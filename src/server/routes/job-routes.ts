import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { StartAnswer } from "../../backend/job-backend.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import type { Holder as HolderFields } from "../../scheduler/state-document.ts";
import type { Caller } from "../auth/authentication.ts";
import { BadRequest, badInput, Forbidden, type SchemaError, shown } from "../bad-request.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Outcome } from "../observability/operation.ts";
import { record } from "../observability/request-log.ts";
import {
  Abandoned,
  AbandonParams,
  failures,
  Holder,
  Job,
  JobParams,
  JobStateResponse,
  LockParams,
  Refusal,
  StartBody,
  StartHeaders,
  StartQuery,
} from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";
import { jobStateResponse } from "./job-state-response.ts";
import { falseIfLockLost } from "./lock-lost.ts";
import { RecentGrants } from "./recent-grants.ts";
import { jobResponse, refusalResponse } from "./responses.ts";
import { claimOf, startRequestOf } from "./start-input.ts";

/** Starts, ends and shows one job. */
export async function addJobRoutes(server: FastifyInstance, options: ServerOptions, metrics: Metrics): Promise<void> {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_: FastifyRequest, body: Buffer) =>
    parsedJson(body),
  );
  const records = new RecentGrants();
  addStart(server, options, metrics, records);
  server.get<{ Params: JobParams }>(
    "/:jobName",
    {
      schema: {
        operationId: "getJob",
        summary: "What is kept of a job",
        params: JobParams,
        response: { 200: JobStateResponse, ...failures(400, 401, 403, 404, 500, 503) },
      },
    },
    async ({ params: { jobName } }, reply) => {
      const state = await options.backend.status(jobName, options.deadline());
      if (state === null) return reply.code(404).send({ message: `Cannot find job for ${jobName}` });
      return jobStateResponse(state);
    },
  );
  await server.register(async (ends) => addEnds(ends, options, metrics, records));
}

function addStart(server: FastifyInstance, options: ServerOptions, metrics: Metrics, records: RecentGrants): void {
  const { backend, timezone, newId, deadline } = options;
  server.post<{ Params: JobParams; Body: StartBody; Querystring: StartQuery; Headers: StartHeaders }>(
    "/:jobName",
    {
      config: { operation: "start" },
      schema: {
        operationId: "startJob",
        summary: "Asks for the next due interval of a job",
        params: JobParams,
        body: StartBody,
        querystring: StartQuery,
        headers: StartHeaders,
        response: {
          200: {
            description: "The job, or null if it is not started; with explain=true, why it is not",
            ...Type.Union([Job, Refusal, Type.Null()]),
          },
          ...failures(400, 401, 403, 413, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { params, body, headers, query } = request;
      const start = startRequestOf(params.jobName, body, timezone);
      checkRequired(start, request.caller);
      let taking = false;
      const claim = claimOf(
        headers,
        newId,
        (holder) => checkedHolder(request, holder),
        () => {
          taking = true;
        },
      );
      const answer = await backend.start(start, claim, deadline());
      if (answer.started && answer.lock !== null) records.keep(answer.lock);
      record(request, reply, metrics, {
        outcome: outcomeOf(answer, taking),
        runUrl: claim.holder?.runUrl,
        takeover: taking && isTakeover(answer),
      });
      // A null alone would be sent as an empty body.
      if (!answer.started && query.explain !== "true") {
        return reply.type("application/json; charset=utf-8").serializer(String).send("null");
      }
      return answer.started ? jobResponse(answer) : refusalResponse(answer);
    },
  );
}

function addEnds(server: FastifyInstance, options: ServerOptions, metrics: Metrics, records: RecentGrants): void {
  const { backend, deadline } = options;
  // A body is ignored, whatever it is.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, async () => undefined);
  addAbandon(server, options, metrics);
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
          response: {
            200: { description: "It is ended", type: "null" },
            ...failures(400, 401, 403, 404, 413, 500, 503),
          },
        },
      },
      async (request, reply) => {
        const { jobName, jobId } = request.params;
        const ended = await falseIfLockLost(backend[operation](records.lockOf(jobName, jobId), deadline()));
        record(request, reply, metrics, { outcome: ended ? outcome : "not-found" });
        return ended ? reply.send() : reply.code(404).send({ message: `Cannot find job lock for ${jobName}` });
      },
    );
  }
}

/** Ends a start whose caller gave up before the answer came, so that it holds nothing, then or later. */
function addAbandon(server: FastifyInstance, { backend, deadline }: ServerOptions, metrics: Metrics): void {
  server.put<{ Params: AbandonParams }>(
    "/:jobName/:jobId/abandon",
    {
      config: { operation: "abandon" },
      schema: {
        operationId: "abandonJob",
        summary: "Gives up a start whose answer never came",
        params: AbandonParams,
        response: { 200: Abandoned, ...failures(400, 401, 403, 404, 413, 500, 503) },
      },
    },
    async (request, reply) => {
      const { jobName, jobId } = request.params;
      const held = await backend.abandon({ jobName, id: jobId, record: null }, deadline());
      record(request, reply, metrics, { outcome: held ? "interrupted" : "abandoned" });
      return { held };
    },
  );
}

/** Whoever may wait for a job learns how far it got. @throws Forbidden */
function checkRequired({ requiredJobNames = [] }: StartRequest, caller: Caller | null): void {
  const hidden = requiredJobNames.find((name) => !caller?.mayRequire(name));
  if (hidden === undefined) return;
  throw new Forbidden(
    "requiredJobNames",
    `The server's rules don't let whoever the token is for wait for the job ${shown(hidden)}: let a rule's jobs or requires name it`,
  );
}

function outcomeOf(answer: StartAnswer, taking: boolean): Outcome {
  if (!answer.started) return answer.reason;
  return taking || answer.lock === null ? "started" : "started-again";
}

function isTakeover(answer: StartAnswer): boolean {
  if (!answer.started) return false;
  const last = answer.lock?.record?.state.history[0];
  return last?.outcome === "taken-over" && Date.parse(last.endedAt) === answer.createdAt;
}

function checkedHolder(request: FastifyRequest, holder: unknown): HolderFields {
  const validate = request.getValidationFunction(Holder) ?? request.compileValidationSchema(Holder);
  if (validate(holder)) return holder as HolderFields;
  const { field, message } = badInput((validate.errors ?? []) as readonly SchemaError[], "Cronyx-Holder");
  throw new BadRequest(`Cronyx-Holder`, field.startsWith("The ") ? message : `Cronyx-Holder's ${message}`);
}

const START_BODY = `an object of ${Object.keys(StartBody.properties).join(", ")}, as application/json`;

function parsedJson(body: Buffer): unknown {
  if (body.length === 0) throw new BadRequest("The body", `The body is empty: it takes ${START_BODY}`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new BadRequest("The body", `The body is no JSON in UTF-8: it takes ${START_BODY}`, { cause });
  }
}
