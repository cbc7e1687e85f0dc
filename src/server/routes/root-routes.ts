import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { JobActiveError, LockLostError } from "../../backend/job-backend.ts";
import { ArgumentError } from "../../errors/argument-error.ts";
import { checkJobName } from "../../scheduler/job-name.ts";
import { mayNameFor, mayUseFor } from "../auth/authentication.ts";
import { isSameOrigin } from "../auth/same-origin.ts";
import { recordRequest } from "../observability/request-log.ts";
import { queryLink } from "../pages/links.ts";
import { messagePage } from "../pages/message-page.ts";
import { PAGE_HEADERS, type Page, renderPage } from "../pages/page-layout.ts";
import { FormQuery, ListQuery } from "../schemas/requests.ts";
import { errorResponses, JobListResponse } from "../schemas/responses.ts";
import type { ServerContext } from "../server-context.ts";
import { DEFAULT_LIMIT, jobListJson } from "./job-list.ts";
import { requestedPage } from "./requested-page.ts";
import { checkMaySkip } from "./skip-route.ts";
import { instantIn } from "./start-input.ts";

/** The routes of the path `/`: the list of jobs as JSON and as a page, and the page's forms. */
export async function addRootRoutes(server: FastifyInstance, context: ServerContext): Promise<void> {
  // The forms have no fields, so a body is ignored: the job's name must be in the query, where access control reads it.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, async () => undefined);
  server.addHook("onRequest", async (_, reply) => {
    reply.header("vary", "Accept");
  });
  server.addHook("preSerialization", async (request, reply, answer) => messageAsPage(request, reply, answer));
  addList(server, context);
  addForms(server, context);
}

function addList(server: FastifyInstance, context: ServerContext): void {
  server.get<{ Querystring: ListQuery }>(
    "/",
    {
      config: { jobParameters: ["name", "release", "released", "lost", "skip", "skipped"] },
      schema: {
        operationId: "listJobs",
        summary: "The states of all jobs that the caller may use, sorted by name. Browsers get a page",
        querystring: ListQuery,
        response: {
          ...alsoAsPages({
            200: { ...JobListResponse, description: "The jobs" },
            ...errorResponses(400, 401, 403, 404, 500, 503),
          }),
          ...errorResponses(406),
        },
      },
    },
    async (request, reply) => {
      switch (acceptedType(request)) {
        case "html":
          return sendPage(reply, await requestedPage(request, reply, context));
        case "json": {
          const list = await requestedList(request, context);
          return reply.type("application/json; charset=utf-8").serializer(String).send(list);
        }
        default:
          return reply
            .code(406)
            .send({ message: "The Accept header excludes both formats: use application/json or text/html" });
      }
    },
  );
}

/** Adds the content type text/html to response schemas, for /openapi.json. */
function alsoAsPages(schemas: Readonly<Record<number, object>>) {
  const responses = Object.entries(schemas).map(([status, schema]) => {
    const content = { "application/json": { schema }, "text/html": { schema: { type: "string" } } };
    return [status, { description: (schema as { readonly description?: string }).description, content }];
  });
  return Object.fromEntries(responses);
}

async function requestedList(
  { query, caller }: FastifyRequest<{ Querystring: ListQuery }>,
  { store, now, newDeadline }: ServerContext,
): Promise<string> {
  const { limit = DEFAULT_LIMIT, after = "", name } = query;
  const names = name === undefined ? (await store.list(newDeadline())).filter(mayUseFor(caller)) : [name];
  return jobListJson({ store, names, limit: Number(limit), after, now, newDeadline, mayName: mayNameFor(caller) });
}

/** The page's forms. Each redirects to the overview, which shows a note. */
function addForms(server: FastifyInstance, context: ServerContext): void {
  server.post<{ Querystring: FormQuery }>(
    "/",
    {
      config: {
        operation: (query) => ("skip" in query ? "skip" : "interrupt"),
        jobParameters: ["release", "skip"],
      },
      schema: { hide: true, querystring: FormQuery },
      onRequest: async (request, reply) => {
        // Without these parameters, the request is most likely a start with an empty job name.
        if (!("release" in request.query || "skip" in request.query)) checkJobName("");
        if (isSameOrigin(request.headers)) return;
        recordRequest(reply, context.metrics, { outcome: "forbidden" });
        return reply.code(403).send({ message: CROSS_ORIGIN_FORM });
      },
    },
    async ({ query, caller }, reply) => {
      if ("release" in query) return reply.redirect(await release(query, reply, context), 303);
      checkMaySkip(query.skip, caller);
      return reply.redirect(await skip(query, reply, context), 303);
    },
  );
}

/** Releases the lock that the page showed, and no later one. @returns the link to the note. */
async function release(
  { release: jobName, lock }: { readonly release: string; readonly lock: string },
  reply: FastifyReply,
  { backend, newDeadline, metrics, summaries }: ServerContext,
): Promise<string> {
  const released = await isEnded(backend.interrupt({ jobName, id: lock, record: null }, newDeadline()));
  recordRequest(reply, metrics, { outcome: released ? "interrupted" : "not-found" });
  const status = await backend.status(jobName, newDeadline());
  if (status !== null) summaries.update(status.state);
  return queryLink({ [released ? "released" : "lost"]: jobName, lock });
}

/** @returns whether the call ended the lock. A lock that is no longer active stays as it is. */
async function isEnded(end: Promise<void>): Promise<boolean> {
  try {
    await end;
    return true;
  } catch (error) {
    if (error instanceof LockLostError) return false;
    throw error;
  }
}

/** Skips the intervals that the page showed. @returns the link to the note. */
async function skip(
  { skip: jobName, until }: { readonly skip: string; readonly until: string },
  reply: FastifyReply,
  { backend, newDeadline, metrics, summaries }: ServerContext,
): Promise<string> {
  try {
    const { state } = await backend.skip(jobName, instantIn("until", until), newDeadline());
    recordRequest(reply, metrics, { outcome: "skipped" });
    summaries.update(state);
  } catch (error) {
    // The job has changed since the page was shown. The note says so.
    if (!(error instanceof JobActiveError || error instanceof ArgumentError)) throw error;
    recordRequest(reply, metrics, { outcome: error instanceof JobActiveError ? "active" : "bad-request" });
  }
  return queryLink({ skipped: jobName, until });
}

const CROSS_ORIGIN_FORM =
  "The request does not come from the server's own page: use the page, or send PUT /{jobName}/{jobId}/interrupt or PUT /{jobName}/skip";

function acceptedType(request: FastifyRequest): "html" | "json" | null {
  const type = request.accepts().type(["json", "html"]);
  return type === "html" || type === "json" ? type : null;
}

function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply.headers(PAGE_HEADERS).send(renderPage(page));
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Invalid request",
  401: "Login required",
  403: "Not allowed",
  404: "Not found",
  500: "Internal error",
  503: "Temporarily unavailable",
};

/** Renders an error message as a page if the request prefers HTML. */
function messageAsPage(request: FastifyRequest, reply: FastifyReply, answer: unknown): unknown {
  const message = typeof answer === "object" && answer !== null && "message" in answer ? answer.message : null;
  if (typeof message !== "string" || acceptedType(request) !== "html") return answer;
  reply.headers(PAGE_HEADERS).serializer(String);
  return renderPage(messagePage(TITLES[reply.statusCode] ?? "Error", message));
}
