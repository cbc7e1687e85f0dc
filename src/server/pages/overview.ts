import type { Instant } from "../../scheduler/instant.ts";
import { CONDITIONS, type Condition } from "../../scheduler/job-condition.ts";
import { conditionOf, conditionOfStatus, type JobSummaries, type JobSummary } from "../jobs/job-summary.ts";
import { type ListedStatus, nameOf } from "../jobs/read-jobs.ts";

export const PAGE_SIZE = 50;

/** The orders of the overview. `urgency` is the order of the conditions, and the only one with a section for each of them. */
export const SORTS = ["urgency", "name", "due", "run"] as const;
export type Sort = (typeof SORTS)[number];

/** The jobs that a reader asks for. */
export interface Selection {
  /** A part of a job's name; upper and lower case are the same. Empty for all jobs. */
  readonly search: string;
  /** Null for jobs in any condition. */
  readonly condition: Condition | null;
  readonly sort: Sort;
  /** Counted from 1. A number beyond the last page gives the last page. */
  readonly page: number;
}

/** The jobs on one page of the overview, and the counts of all jobs that the search matches. */
export interface Overview {
  readonly selection: Selection;
  /** Each job counts once, in its most urgent condition, as it has one row. */
  readonly counts: Counts;
  /** The number of jobs on all pages. */
  readonly found: number;
  readonly rows: readonly OverviewRow[];
  /** Counted from 1. */
  readonly page: number;
  readonly pages: number;
}

export type Counts = Readonly<Record<Condition, number>>;

export interface OverviewRow {
  readonly name: string;
  readonly condition: Condition;
}

interface Candidate {
  readonly summary: JobSummary;
  readonly condition: Condition;
}

interface OverviewRequest {
  readonly selection: Selection;
  /** Whether the caller may see a job. */
  readonly mayUse: (jobName: string) => boolean;
  readonly now: Instant;
}

/** @param all The summaries of all jobs, sorted by name. */
export function overviewOf(all: JobSummaries, { selection, mayUse, now }: OverviewRequest): Overview {
  const part = selection.search.toLowerCase();
  const matching: Candidate[] = [];
  for (const summary of all.values()) {
    if (!mayUse(summary.name)) continue;
    if (part !== "" && !summary.name.toLowerCase().includes(part)) continue;
    matching.push({ summary, condition: conditionOf(summary, all, now) });
  }
  const selected = matching.filter(({ condition }) => (selection.condition ?? condition) === condition);
  const sorted = sortedBy(selection.sort, selected);
  const pages = Math.max(1, Math.ceil(sorted.length / PAGE_SIZE));
  const page = Math.min(selection.page, pages);
  const rows = sorted
    .slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    .map(({ summary: { name }, condition }) => ({ name, condition }));
  return { selection, counts: countsOf(matching), found: sorted.length, rows, page, pages };
}

/**
 * Corrects an overview by the statuses of its rows, which were read later than the summaries: a count never differs from the
 * rows below it.
 *
 * @returns the rows that still belong to the selection, with their statuses.
 */
export function corrected(
  overview: Overview,
  statuses: readonly ListedStatus[],
): { readonly overview: Overview; readonly jobs: readonly ListedStatus[] } {
  const counts = { ...overview.counts };
  const summarized = new Map(overview.rows.map(({ name, condition }) => [name, condition]));
  for (const condition of summarized.values()) counts[condition]--;
  for (const job of statuses) counts[conditionOfStatus(job)]++;
  const { condition } = overview.selection;
  const jobs = statuses.filter((job) => condition === null || conditionOfStatus(job) === condition);
  const found = overview.found - overview.rows.length + jobs.length;
  const rows = jobs.map((job) => ({ name: nameOf(job), condition: conditionOfStatus(job) }));
  return { overview: { ...overview, counts, found, rows }, jobs };
}

function countsOf(candidates: readonly Candidate[]): Counts {
  const counts = Object.fromEntries(CONDITIONS.map((condition) => [condition, 0])) as Record<Condition, number>;
  for (const { condition } of candidates) counts[condition]++;
  return counts;
}

/** @param candidates Sorted by name, which stays the order of equal ones. */
function sortedBy(sort: Sort, candidates: readonly Candidate[]): readonly Candidate[] {
  switch (sort) {
    case "name":
      return candidates;
    case "due":
      return candidates.toSorted((a, b) => ascending(a.summary.next?.dueAt, b.summary.next?.dueAt));
    case "run":
      return candidates.toSorted((a, b) => ascending(b.summary.lastRunAt, a.summary.lastRunAt, -1));
    case "urgency":
      return CONDITIONS.flatMap((condition) => {
        const alike = candidates.filter((candidate) => candidate.condition === condition);
        return alike.toSorted((a, b) => ascending(since(a), since(b)));
      });
  }
}

/** Since when a job has been in its condition, where the order goes by that. */
function since({ summary: { overdueAt, lockedAt, next }, condition }: Candidate): Instant | null {
  if (condition === "overdue") return overdueAt;
  if (condition === "running") return lockedAt;
  return condition === "waiting" ? (next?.dueAt ?? null) : null;
}

/** An instant that is not known comes last. @param sign -1 where the caller has exchanged `a` and `b`. */
function ascending(a: Instant | null | undefined, b: Instant | null | undefined, sign = 1): number {
  const unknown = sign * Number.POSITIVE_INFINITY;
  const [left, right] = [a ?? unknown, b ?? unknown];
  return left === right ? 0 : left - right;
}
