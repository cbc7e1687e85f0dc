import type { Instant } from "../../scheduler/instant.ts";
import { conditionOf, type JobCondition, type JobSummary } from "../jobs/job-summary.ts";

const PAGE_SIZE = 100;

/** The jobs on one page of the overview, and the counts of all jobs. */
export interface Overview {
  /** The counts of all jobs, whether the search matches them or not. */
  readonly counts: Readonly<Record<JobCondition, number>>;
  /** The number of active locks, including those of failing and overdue jobs. */
  readonly running: number;
  readonly search: string;
  /** The number of jobs that the search matches. */
  readonly found: number;
  /**
   * The names of the page's jobs: damaged, failing, overdue, running, then free ones. Overdue and running jobs are sorted by
   * their time in that condition, the longest first, and all others by name.
   */
  readonly names: readonly string[];
  /** Counted from 1. */
  readonly page: number;
  readonly pages: number;
}

/**
 * @param summaries All jobs that the caller may use, sorted by name.
 * @param search A part of a job's name; upper and lower case are the same. Empty for all jobs.
 * @param page Counted from 1. A number beyond the last page gives the last page.
 */
export function overviewOf(
  summaries: readonly JobSummary[],
  { search, page }: { readonly search: string; readonly page: number },
  now: Instant,
): Overview {
  const counts = { damaged: 0, failing: 0, overdue: 0, running: 0, free: 0 };
  const found: Record<JobCondition, JobSummary[]> = { damaged: [], failing: [], overdue: [], running: [], free: [] };
  const part = search.toLowerCase();
  let running = 0;
  for (const summary of summaries) {
    const condition = conditionOf(summary, now);
    counts[condition]++;
    if (summary.lockedAt !== null) running++;
    if (part === "" || summary.name.toLowerCase().includes(part)) found[condition].push(summary);
  }
  found.overdue.sort((a, b) => Number(a.overdueAt) - Number(b.overdueAt));
  found.running.sort((a, b) => Number(a.lockedAt) - Number(b.lockedAt));
  const order = [found.damaged, found.failing, found.overdue, found.running, found.free];
  const total = order.reduce((sum, { length }) => sum + length, 0);
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  const shown = Math.min(page, pages);
  const from = (shown - 1) * PAGE_SIZE;
  const names = order
    .flat()
    .slice(from, from + PAGE_SIZE)
    .map(({ name }) => name);
  return { counts, running, search, found: total, names, page: shown, pages };
}
