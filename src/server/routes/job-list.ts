import type { Deadline } from "../../network/deadline.ts";
import type { JobStore } from "../../store/job-store.ts";
import { isDamaged, readJobs } from "../jobs/read-jobs.ts";
import { jobStateResponse } from "./job-state-response.ts";

/** How many jobs a list has if it isn't said. */
export const LISTED = 100;
/** In bytes: clients take no answer of over 4 MiB, and the state of a single job may come to 200 KiB. */
const LARGEST_LIST = 2 * 1024 * 1024;

/**
 * A part of the list of jobs.
 *
 * @param names All that the list is of, sorted.
 * @param part At most `limit` of those after `after`; fewer where they are large.
 * @returns the JSON of schemas.ts' JobList.
 */
export async function jobList(
  store: JobStore,
  names: readonly string[],
  { limit, after }: { readonly limit: number; readonly after: string },
  deadline: () => Deadline,
): Promise<string> {
  const following = names.filter((name) => name > after);
  const wanted = following.slice(0, limit);
  let next = wanted.length < following.length ? wanted.at(-1) : undefined;
  const jobs: string[] = [];
  let size = 0;
  let last: string | undefined;
  const unreadable: string[] = [];
  for await (const listed of readJobs(store, wanted, deadline)) {
    if (isDamaged(listed)) {
      unreadable.push(listed.name);
      last = listed.name;
      continue;
    }
    const job = JSON.stringify(jobStateResponse(listed));
    size += Buffer.byteLength(job);
    if (last !== undefined && size > LARGEST_LIST) {
      next = last;
      break;
    }
    jobs.push(job);
    last = listed.name;
  }
  const unread = unreadable.length === 0 ? "" : `"unreadable":${JSON.stringify(unreadable)},`;
  return `{"jobs":[${jobs.join(",")}],${unread}"next":${JSON.stringify(next ?? null)}}`;
}
