import type { Instant } from "../../scheduler/instant.ts";
import { conditionOf, type JobCondition, type JobSummary } from "../jobs/job-summary.ts";

const JOBS_ON_A_PAGE = 100;

/** Which jobs stand on one page of the overview, and how many there are in all. */
export interface Overview {
  /** Of all jobs, whatever is searched for. */
  readonly counts: Readonly<Record<JobCondition, number>>;
  /** How many locks are active, those of overdue jobs included. */
  readonly running: number;
  readonly search: string;
  /** How many jobs were found. */
  readonly found: number;
  /** The page's jobs in their order: those that can't be read; the overdue, the longest one first; the running, likewise; the rest. */
  readonly names: readonly string[];
  /** From 1 on. */
  readonly page: number;
  readonly pages: number;
}

/**
 * @param summaries Of all jobs that the caller may use, by name.
 * @param search A part of the name, in capitals or not; empty for all.
 * @param page From 1 on; one that is too high is the last.
 */
export function overviewOf(
  summaries: readonly JobSummary[],
  { search, page }: { readonly search: string; readonly page: number },
  now: Instant,
): Overview {
  const counts = { unreadable: 0, overdue: 0, running: 0, free: 0 };
  const found: Record<JobCondition, JobSummary[]> = { unreadable: [], overdue: [], running: [], free: [] };
  const part = search.toLowerCase();
  let running = 0;
  for (const summary of summaries) {
    const standing = conditionOf(summary, now);
    counts[standing]++;
    if (summary.lockedAt !== null) running++;
    if (part === "" || summary.name.toLowerCase().includes(part)) found[standing].push(summary);
  }
  found.overdue.sort((a, b) => Number(a.overdueFrom) - Number(b.overdueFrom));
  found.running.sort((a, b) => Number(a.lockedAt) - Number(b.lockedAt));
  const order = [found.unreadable, found.overdue, found.running, found.free];
  const total = order.reduce((sum, { length }) => sum + length, 0);
  const pages = Math.max(1, Math.ceil(total / JOBS_ON_A_PAGE));
  const shown = Math.min(page, pages);
  const from = (shown - 1) * JOBS_ON_A_PAGE;
  const names = order
    .flat()
    .slice(from, from + JOBS_ON_A_PAGE)
    .map(({ name }) => name);
  return { counts, running, search, found: total, names, page: shown, pages };
}
