import type { FastifyReply, FastifyRequest } from "fastify";
import type { JobSummaryCache } from "../jobs/job-summary-cache.ts";
import { type ListedJob, readJobs } from "../jobs/read-jobs.ts";
import type { Html } from "../pages/html.ts";
import { jobPage } from "../pages/job-page.ts";
import { messagePage } from "../pages/message-page.ts";
import { overviewOf } from "../pages/overview.ts";
import { overviewPage } from "../pages/overview-page.ts";
import type { Page } from "../pages/page-layout.ts";
import { releaseNote, releasePage } from "../pages/release-page.ts";
import { TimeFormatter } from "../pages/time-formatter.ts";
import type { ListQuery } from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";

/** The page that a query of `GET /` asks for: all jobs, one of them, or the question before one is released. */
export async function requestedPage(
  request: FastifyRequest<{ Querystring: ListQuery }>,
  reply: FastifyReply,
  options: ServerOptions,
  summaries: JobSummaryCache,
): Promise<Page> {
  const { backend, store, now, deadline, timezone } = options;
  const { name, release, search = "", page = 1 } = request.query;
  const one = name ?? release;
  if (one !== undefined) {
    const state = await backend.status(one, deadline());
    const times = new TimeFormatter(now(), timezone);
    if (release !== undefined && state !== null) return releasePage(state, times);
    if (state !== null) return jobPage(state, times);
    reply.code(404);
    return messagePage("No such job", "No job of this name was ever started");
  }
  const all = [...(await summaries.read()).values()].filter((summary) => request.caller?.mayUse(summary.name));
  const overview = overviewOf(all, { search, page: Number(page) }, now());
  const jobs: ListedJob[] = [];
  for await (const job of readJobs(store, overview.names, deadline)) {
    summaries.note(job);
    jobs.push(job);
  }
  const times = new TimeFormatter(now(), timezone);
  return overviewPage(overview, jobs, await noteFor(request, options, times), times);
}

/** What came of the release that led here, as the job's state tells it: a link can't make it up. */
async function noteFor(
  { query: { released, lost, lock } }: FastifyRequest<{ Querystring: ListQuery }>,
  { backend, deadline }: ServerOptions,
  times: TimeFormatter,
): Promise<Html | null> {
  const name = released ?? lost;
  if (name === undefined || lock === undefined) return null;
  const state = await backend.status(name, deadline());
  return state && releaseNote(state, { lock, released: released !== undefined }, times);
}
