import type { FastifyReply, FastifyRequest } from "fastify";
import { dueSpan } from "../../scheduler/due-span.ts";
import { mayNameFor, mayUseFor } from "../auth/authentication.ts";
import { isDamaged, type ListedStatus, readStatuses } from "../jobs/read-jobs.ts";
import { upcomingOf } from "../jobs/upcoming.ts";
import type { Html } from "../pages/html.ts";
import { jobPage } from "../pages/job-page.ts";
import type { RowJob } from "../pages/job-rows.ts";
import { messagePage } from "../pages/message-page.ts";
import { corrected, overviewOf } from "../pages/overview.ts";
import { overviewPage } from "../pages/overview-page.ts";
import type { Page } from "../pages/page-layout.ts";
import { releaseNote, releasePage } from "../pages/release-page.ts";
import { skipNote, skipPage } from "../pages/skip-page.ts";
import { TimeFormatter } from "../pages/time-formatter.ts";
import type { ListQuery } from "../schemas/requests.ts";
import type { ServerContext } from "../server-context.ts";
import { serverAddress } from "./server-address.ts";

type ListRequest = FastifyRequest<{ Querystring: ListQuery }>;

/** The page that the query of `GET /` selects: the overview, one job, or the confirmation of a release or a skip. */
export async function requestedPage(request: ListRequest, reply: FastifyReply, context: ServerContext): Promise<Page> {
  const { backend, now, newDeadline, timezone } = context;
  const { name, release, skip } = request.query;
  const jobName = name ?? release ?? skip;
  if (jobName === undefined) return requestedOverview(request, context);
  const status = await backend.status(jobName, newDeadline());
  if (status === null) {
    reply.code(404);
    return messagePage("No such job", "No job of this name has ever started");
  }
  const times = new TimeFormatter(now(), timezone);
  if (release !== undefined) return releasePage(status.state, times);
  if (skip === undefined) {
    return jobPage(status, await upcomingOf(status.state), {
      times,
      mayUse: mayUseFor(request.caller),
      mayName: mayNameFor(request.caller),
    });
  }
  return skipPage(status, await dueSpan(status.state, status.next, times.now), times);
}

async function requestedOverview(request: ListRequest, context: ServerContext): Promise<Page> {
  const { summaries, now, timezone, schemes } = context;
  const { search = "", state = null, sort = "urgency", page = 1 } = request.query;
  const mayUse = mayUseFor(request.caller);
  const selection = { search, condition: state, sort, page: Number(page) };
  const summarized = await summaries.read();
  const selected = overviewOf(summarized, { selection, mayUse, now: now() });
  const statuses: ListedStatus[] = [];
  const names = selected.rows.map(({ name }) => name);
  for await (const job of readStatuses(names, context)) {
    summaries.update(isDamaged(job) ? job : job.state);
    statuses.push(job);
  }
  const times = new TimeFormatter(now(), timezone);
  const { overview, jobs } = corrected(selected, statuses);
  return overviewPage({
    overview,
    jobs: await Promise.all(jobs.map(withUpcoming)),
    note: await requestedNote(request, context, times),
    isEmpty: ![...summarized.keys()].some(mayUse),
    address: serverAddress(request, schemes),
    times,
    mayUse,
    mayName: mayNameFor(request.caller),
  });
}

async function withUpcoming(job: ListedStatus): Promise<RowJob> {
  return isDamaged(job) ? job : { ...job, upcoming: await upcomingOf(job.state) };
}

/** The note about the release or the skip that redirected here. */
async function requestedNote(
  { query: { released, lost, lock, skipped, until } }: ListRequest,
  { backend, newDeadline }: ServerContext,
  times: TimeFormatter,
): Promise<Html | null> {
  const name = released ?? lost ?? skipped;
  const status = name === undefined ? null : await backend.status(name, newDeadline());
  if (status === null) return null;
  if (lock !== undefined) return releaseNote(status.state, { lock, released: released !== undefined }, times);
  return until === undefined ? null : skipNote(status.state, until, times);
}
