import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { checkJobName } from "../../scheduler/job-name.ts";
import { isSameOrigin } from "../auth/same-origin.ts";
import { recordRequest } from "../observability/request-log.ts";
import { queryLink } from "../pages/links.ts";
import { messagePage } from "../pages/message-page.ts";
import { PAGE_HEADERS, type Page, renderPage } from "../pages/page-layout.ts";
import { errorResponses, JobListResponse, ListQuery, ReleaseQuery } from "../schemas.ts";
import type { ServerContext } from "../server-context.ts";
import { falseIfLockLost } from "./end-result.ts";
import { DEFAULT_LIMIT, jobListJson } from "./job-list.ts";
import { requestedPage } from "./requested-page.ts";

/** The routes of the path `/`: the list of jobs as JSON and as a page, and the page's form that releases a lock. */
export async function addRootRoutes(server: FastifyInstance, context: ServerContext): Promise<void> {
  // The form has no fields, so its body is ignored: the job's name must be in the query, where access control reads it.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, async () => undefined);
  server.addHook("onRequest", async (_, reply) => {
    reply.header("vary", "Accept");
  });
  server.addHook("preSerialization", async (request, reply, answer) => messagesAsPages(request, reply, answer));
  addList(server, context);
  addRelease(server, context);
}

function addList(server: FastifyInstance, context: ServerContext): void {
  server.get<{ Querystring: ListQuery }>(
    "/",
    {
      config: { jobParameters: ["name", "release", "released", "lost"] },
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
  { store, newDeadline }: ServerContext,
): Promise<string> {
  const { limit = DEFAULT_LIMIT, after = "", name } = query;
  const names =
    name === undefined ? (await store.list(newDeadline())).filter((listed) => caller?.mayUse(listed)) : [name];
  return jobListJson({ store, names, limit: Number(limit), after, newDeadline });
}

/** Releases the lock that the page showed, and no later one, and redirects to the overview with a note. */
function addRelease(server: FastifyInstance, { backend, newDeadline, metrics, summaries }: ServerContext): void {
  server.post<{ Querystring: ReleaseQuery }>(
    "/",
    {
      config: { operation: "interrupt", jobParameters: ["release"] },
      schema: { hide: true, querystring: ReleaseQuery },
      onRequest: async (request, reply) => {
        // Without this parameter, the request is most likely a start with an empty job name.
        if (request.query.release === undefined) checkJobName("");
        if (isSameOrigin(request.headers)) return;
        recordRequest(reply, metrics, { outcome: "forbidden" });
        return reply.code(403).send({ message: CROSS_ORIGIN_RELEASE });
      },
    },
    async (request, reply) => {
      const { release: jobName, lock } = request.query;
      const released = await falseIfLockLost(backend.interrupt({ jobName, id: lock, record: null }, newDeadline()));
      recordRequest(reply, metrics, { outcome: released ? "interrupted" : "not-found" });
      const state = (await backend.status(jobName, newDeadline()))?.state ?? null;
      if (state !== null) summaries.update(state);
      return reply.redirect(queryLink({ [released ? "released" : "lost"]: jobName, lock }), 303);
    },
  );
}

const CROSS_ORIGIN_RELEASE =
  "The request does not come from the server's own page: release the lock there, or send PUT /{jobName}/{jobId}/interrupt";

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
function messagesAsPages(request: FastifyRequest, reply: FastifyReply, answer: unknown): unknown {
  const message = typeof answer === "object" && answer !== null && "message" in answer ? answer.message : null;
  if (typeof message !== "string" || acceptedType(request) !== "html") return answer;
  reply.headers(PAGE_HEADERS).serializer(String);
  return renderPage(messagePage(TITLES[reply.statusCode] ?? "Error", message));
}
