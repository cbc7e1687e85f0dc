import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isSameOrigin } from "../auth/same-origin.ts";
import { BadRequest } from "../bad-request.ts";
import type { JobSummaryCache } from "../jobs/job-summary-cache.ts";
import type { Metrics } from "../observability/metrics.ts";
import { record } from "../observability/request-log.ts";
import { queryLink } from "../pages/links.ts";
import { messagePage } from "../pages/message-page.ts";
import { PAGE_HEADERS, type Page, renderPage } from "../pages/page-layout.ts";
import { failures, JobList, ListQuery, ReleaseQuery } from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";
import { jobList, LISTED } from "./job-list.ts";
import { falseIfLockLost } from "./lock-lost.ts";
import { requestedPage } from "./requested-page.ts";

/** Lists all jobs: as JSON, and as a page for people, which can release locks too. */
export async function addRootRoutes(
  server: FastifyInstance,
  options: ServerOptions,
  metrics: Metrics,
  summaries: JobSummaryCache,
): Promise<void> {
  // Forms are sent without fields: what they are about stands in the query, so that the guard sees it first.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, async () => undefined);
  server.addHook("onRequest", async (_, reply) => {
    reply.header("vary", "Accept");
  });
  server.addHook("preSerialization", async (request, reply, answer) => messageForPeople(request, reply, answer));
  addList(server, options, summaries);
  addRelease(server, options, metrics, summaries);
}

function addList(server: FastifyInstance, options: ServerOptions, summaries: JobSummaryCache): void {
  server.get<{ Querystring: ListQuery }>(
    "/",
    {
      config: { jobParameters: ["name", "release", "released", "lost"] },
      schema: {
        operationId: "listJobs",
        summary: "What is kept of every job that the caller may use, by name; or of one job. To browsers, a page",
        querystring: ListQuery,
        response: {
          ...asPagesToo({ 200: { ...JobList, description: "The jobs" }, ...failures(400, 401, 403, 404, 500, 503) }),
          ...failures(406),
        },
      },
    },
    async (request, reply) => {
      switch (kindOf(request)) {
        case "html":
          return sendPage(reply, await requestedPage(request, reply, options, summaries));
        case "json": {
          const list = await listFor(request, options);
          return reply.type("application/json; charset=utf-8").serializer(String).send(list);
        }
        default:
          return reply.code(406).send({ message: "The jobs are told as application/json or text/html: accept one" });
      }
    },
  );
}

/** The same answers, to be had by browsers too: for /openapi.json. */
function asPagesToo(answers: Readonly<Record<number, object>>) {
  const both = Object.entries(answers).map(([status, schema]) => {
    const content = { "application/json": { schema }, "text/html": { schema: { type: "string" } } };
    return [status, { description: (schema as { readonly description?: string }).description, content }];
  });
  return Object.fromEntries(both);
}

async function listFor(
  { query: { limit, after, name }, caller }: FastifyRequest<{ Querystring: ListQuery }>,
  { store, deadline }: ServerOptions,
): Promise<string> {
  const names = name === undefined ? (await store.list(deadline())).filter((one) => caller?.mayUse(one)) : [name];
  return jobList(store, names, { limit: Number(limit ?? LISTED), after: after ?? "" }, deadline);
}

/** Releases exactly the lock that the page showed, and leads to what came of it. */
function addRelease(
  server: FastifyInstance,
  options: ServerOptions,
  metrics: Metrics,
  summaries: JobSummaryCache,
): void {
  const { backend, deadline } = options;
  server.post<{ Querystring: ReleaseQuery }>(
    "/",
    {
      config: { operation: "interrupt", jobParameters: ["release"] },
      schema: { hide: true, querystring: ReleaseQuery },
      onRequest: async (request, reply) => {
        // Without a job, this is the path of a start without its name.
        if (request.query.release === undefined) {
          throw new BadRequest("jobName", 'jobName is "": it takes a text of 1 to 255 characters');
        }
        if (isSameOrigin(request.headers)) return;
        record(request, reply, metrics, { outcome: "forbidden" });
        return reply.code(403).send({ message: FOREIGN_FORM });
      },
    },
    async (request, reply) => {
      const { release: jobName, lock } = request.query;
      const released = await falseIfLockLost(backend.interrupt({ jobName, id: lock, record: null }, deadline()));
      record(request, reply, metrics, { outcome: released ? "interrupted" : "not-found" });
      const state = await backend.status(jobName, deadline());
      if (state !== null) summaries.note(state);
      return reply.redirect(queryLink({ [released ? "released" : "lost"]: jobName, lock }), 303);
    },
  );
}

const FOREIGN_FORM =
  "A lock is released here by the form of the server's own page alone: open the page, or send PUT /{jobName}/{jobId}/interrupt";

function kindOf(request: FastifyRequest): "html" | "json" | null {
  const kind = request.accepts().type(["json", "html"]);
  return kind === "html" || kind === "json" ? kind : null;
}

function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply.headers(PAGE_HEADERS).send(renderPage(page));
}

const TITLES: Readonly<Record<number, string>> = {
  400: "This can’t be asked",
  401: "Log in first",
  403: "Not allowed",
  404: "Not found",
  503: "Not now",
};

/** Browsers get pages for messages too. */
function messageForPeople(request: FastifyRequest, reply: FastifyReply, answer: unknown): unknown {
  const message = typeof answer === "object" && answer !== null && "message" in answer ? answer.message : null;
  if (typeof message !== "string" || kindOf(request) !== "html") return answer;
  reply.headers(PAGE_HEADERS).serializer(String);
  return renderPage(messagePage(TITLES[reply.statusCode] ?? "It went wrong", message));
}
