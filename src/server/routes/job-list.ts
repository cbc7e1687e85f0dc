import { isDamaged, nameOf, readStatuses, type StatusOptions } from "../jobs/read-jobs.ts";
import { jobStateResponse } from "./responses.ts";

export const DEFAULT_LIMIT = 100;
/** In bytes. Clients accept at most 4 MiB, and the state of a single job may take 200 KiB. */
const MAX_LIST_BYTES = 2 * 1024 * 1024;

interface JobListOptions extends StatusOptions {
  /** All names that the caller may see, sorted. */
  readonly names: readonly string[];
  readonly limit: number;
  /** The list starts after this name. */
  readonly after: string;
  /** Whether the caller may see the name of a job. */
  readonly mayName: (jobName: string) => boolean;
}

/** @returns the JSON of a JobListResponse: up to `limit` jobs, and fewer if their states are large. */
export async function jobListJson({ names, limit, after, mayName, ...options }: JobListOptions): Promise<string> {
  const following = names.filter((name) => name > after);
  const requested = following.slice(0, limit);
  let next = requested.length < following.length ? requested.at(-1) : undefined;
  const jobs: string[] = [];
  const damaged: string[] = [];
  let bytes = 0;
  let last: string | undefined;
  for await (const job of readStatuses(requested, options)) {
    if (isDamaged(job)) damaged.push(job.name);
    else {
      const json = JSON.stringify(jobStateResponse(job, mayName));
      bytes += Buffer.byteLength(json);
      // The first job is listed whatever its size: a list without any would never move on.
      if (last !== undefined && bytes > MAX_LIST_BYTES) {
        next = last;
        break;
      }
      jobs.push(json);
    }
    last = nameOf(job);
  }
  const damagedField = damaged.length === 0 ? "" : `"damaged":${JSON.stringify(damaged)},`;
  return `{"jobs":[${jobs.join(",")}],${damagedField}"next":${JSON.stringify(next ?? null)}}`;
}
