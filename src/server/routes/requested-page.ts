import type { FastifyReply, FastifyRequest } from "fastify";
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
import type { ServerContext } from "../server-context.ts";

type ListRequest = FastifyRequest<{ Querystring: ListQuery }>;

/** The page that the query of `GET /` selects: the overview, one job, or the confirmation of a release. */
export async function requestedPage(request: ListRequest, reply: FastifyReply, context: ServerContext): Promise<Page> {
  const { backend, now, newDeadline, timezone } = context;
  const { name, release } = request.query;
  const jobName = name ?? release;
  if (jobName === undefined) return requestedOverview(request, context);
  const state = (await backend.status(jobName, newDeadline()))?.state ?? null;
  if (state === null) {
    reply.code(404);
    return messagePage("No such job", "No job of this name has ever started");
  }
  const times = new TimeFormatter(now(), timezone);
  return release === undefined ? jobPage(state, times) : releasePage(state, times);
}

async function requestedOverview(request: ListRequest, context: ServerContext): Promise<Page> {
  const { store, summaries, now, newDeadline, timezone } = context;
  const { search = "", page = 1 } = request.query;
  const allowed = [...(await summaries.read()).values()].filter(({ name }) => request.caller?.mayUse(name));
  const overview = overviewOf(allowed, { search, page: Number(page) }, now());
  const jobs: ListedJob[] = [];
  for await (const job of readJobs(store, overview.names, newDeadline)) {
    summaries.update(job);
    jobs.push(job);
  }
  const times = new TimeFormatter(now(), timezone);
  const note = await requestedNote(request, context, times);
  return overviewPage({ overview, jobs, note, times });
}

/** The note about the release that redirected here. */
async function requestedNote(
  { query: { released, lost, lock } }: ListRequest,
  { backend, newDeadline }: ServerContext,
  times: TimeFormatter,
): Promise<Html | null> {
  const name = released ?? lost;
  if (name === undefined || lock === undefined) return null;
  const state = (await backend.status(name, newDeadline()))?.state ?? null;
  return state && releaseNote(state, { lock, released: released !== undefined }, times);
}
