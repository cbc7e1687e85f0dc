import { type FailRule, failingNames, heldNames, overdueNames, type WatchedJobs } from "../scheduler/fail-when.ts";
import type { Instant } from "../scheduler/instant.ts";
import { type Condition, conditionOfJob } from "../scheduler/job-condition.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";

/** A job's condition, or that its lock is held for longer than a rule `held` allows. */
export type RowState = Condition | "held too long";

export interface StatusRow {
  readonly name: string;
  readonly state: RowState;
  /** Null: its state document is damaged. */
  readonly job: JobStatus | null;
}

/**
 * First the jobs that need attention: damaged, failing, overdue, held too long by one of the rules, then running. All others
 * follow by name. Jobs that are overdue or held too long are sorted by that time, the longest first.
 *
 * @param watched The jobs in the order of their names.
 */
export function statusRows(
  { jobs, damaged }: WatchedJobs,
  rules: readonly FailRule[],
  now: Instant,
): readonly StatusRow[] {
  const listed = { jobs, damaged: [] };
  const statuses = new Map(jobs.map((job) => [job.state.name, job]));
  const rows = new Map<string, StatusRow>();
  const add = (state: RowState, names: readonly string[]) => {
    for (const name of names) if (!rows.has(name)) rows.set(name, { name, state, job: statuses.get(name) ?? null });
  };
  add("damaged", damaged);
  add("failing", failingNames(listed));
  add("overdue", overdueNames(listed, now));
  for (const rule of rules) if (rule.kind === "held") add("held too long", heldNames(listed, rule.longerThan, now));
  add(
    "running",
    jobs.filter(({ state }) => state.active !== null).map(({ state }) => state.name),
  );
  for (const job of jobs) add(conditionOfJob(job), [job.state.name]);
  return [...rows.values()];
}

const COUNTED = ["damaged", "failing", "overdue", "held too long", "running"] as const satisfies RowState[];

/** For example `13 jobs: 2 failing, 1 overdue`. */
export function countsLine(rows: readonly StatusRow[]): string {
  const counts = COUNTED.map((state) => [rows.filter((row) => row.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`);
  const total = `${rows.length} ${rows.length === 1 ? "job" : "jobs"}`;
  return counts.length === 0 ? total : `${total}: ${counts.join(", ")}`;
}
