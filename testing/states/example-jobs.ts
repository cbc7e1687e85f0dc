import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { JobInterval, Schedule } from "../../src/scheduler/schedule.ts";
import type { EndedRun, Ending, Holder, JobState, SkippedSpan } from "../../src/scheduler/state-document.ts";
import { newJobState } from "../../src/scheduler/state-document.ts";
import { prepareSchedule } from "../../src/scheduler/what-comes-next.ts";

interface Example {
  readonly name: string;
  readonly jobInterval: JobInterval;
  readonly timezone?: string;
  readonly repository: string;
  /** How the job went on, oldest first: `f` finished, `x` interrupted, `t` taken over, `s` skipped. */
  readonly went: string;
  /** How many intervals are due. */
  readonly due?: number;
  /** How long a run takes, in milliseconds. */
  readonly takes?: number;
  /** For how long the next interval has been held, in milliseconds. */
  readonly held?: number;
  readonly requiredJobNames?: readonly string[];
}

const MANY = "f".repeat(20);

/** Thirteen jobs: all states that a page shows. One more of them has a damaged state document. */
const EXAMPLES: readonly Example[] = [
  {
    name: "billing/daily-invoices",
    jobInterval: "30 2 * * *",
    repository: "acme/billing",
    went: `${MANY.slice(6)}xffxx`,
    due: 1,
  },
  {
    name: "search/rebuild-index",
    jobInterval: { hours: 6 },
    repository: "acme/search",
    went: `${MANY.slice(9)}tfffft`,
    due: 1,
  },
  { name: "warehouse/load-orders", jobInterval: "0 0 * * *", repository: "acme/warehouse", went: MANY, due: 3 },
  {
    name: "metrics/rollup",
    jobInterval: "*/15 * * * *",
    repository: "acme/metrics",
    went: `${MANY.slice(4)}xfff`,
    due: 9,
    held: 128 * MINUTE,
  },
  {
    name: "reports/hourly",
    jobInterval: "0 * * * *",
    repository: "acme/reports",
    went: `${MANY.slice(3)}xff`,
    due: 1,
    held: 4 * MINUTE,
  },
  {
    name: "backup/postgres",
    jobInterval: { days: 1 },
    repository: "acme/operations",
    went: MANY,
    due: 1,
    held: 37 * MINUTE,
  },
  {
    name: "warehouse/daily-summary",
    jobInterval: "0 0 * * *",
    repository: "acme/warehouse",
    went: MANY,
    due: 1,
    requiredJobNames: ["warehouse/load-orders"],
  },
  {
    name: "certificates/renew",
    jobInterval: "0 3 * * 1",
    timezone: "Europe/Berlin",
    repository: "acme/operations",
    went: MANY.slice(8),
  },
  { name: "crm/sync-contacts", jobInterval: { minutes: 10 }, repository: "acme/crm", went: `${MANY.slice(8)}ssffffff` },
  { name: "docs/nightly-build", jobInterval: "15 1 * * *", repository: "acme/docs", went: `${MANY.slice(2)}ff` },
  { name: "mail/weekly-digest", jobInterval: { weeks: 1 }, repository: "acme/mail", went: "fffxff" },
  { name: "sessions/clean-up", jobInterval: 30 * MINUTE, repository: "acme/accounts", went: `${MANY.slice(1)}f` },
];

/** @returns the states of thirteen jobs, with all conditions that a page can show. */
export async function exampleJobs(now: Instant): Promise<readonly JobState[]> {
  const states = await Promise.all(EXAMPLES.map((example) => exampleJob(example, now)));
  const damaged = { ...newJobState("legacy/import-feed"), active: {} } as unknown as JobState;
  return [...states, damaged];
}

async function exampleJob(example: Example, now: Instant): Promise<JobState> {
  const { name, jobInterval, timezone = "UTC", went, due = 0, held, requiredJobNames = [] } = example;
  const recorded = { jobInterval, timezone, startBuffer: 0, requiredJobNames };
  const schedule = (await prepareSchedule(recorded))?.schedule;
  if (schedule === undefined) throw new Error(`${name} has no schedule`);
  const intervals = [...went].filter((letter) => letter === "f" || letter === "s").length;
  const first = back(schedule, lastBoundary(schedule, jobInterval, now), intervals + due);
  const { history, skipped, finishedUntil } = historyFrom(first, schedule, example);
  const end = schedule.next(finishedUntil);
  const took = toIso(now - (held ?? 0));
  const lock = {
    id: `${name}-lock`,
    intervalStartedAt: toIso(finishedUntil),
    intervalEndedAt: toIso(end),
    createdAt: took,
    updatedAt: took,
    holder: holderOf(example, history.length),
    idempotencyKey: null,
  };
  return {
    ...newJobState(name),
    finishedUntil: toIso(finishedUntil),
    active: held === undefined ? null : lock,
    history: history.reverse().slice(0, 20),
    schedule: recorded,
    skipped: skipped.reverse(),
  };
}

/** The boundaries of a duration are counted from its job's first start. A third of the next interval has passed here. */
function lastBoundary(schedule: Schedule, interval: JobInterval, now: Instant): Instant {
  if (typeof interval === "string") return schedule.previous(now + 1);
  const boundary = now - lengthOf(interval) / 3;
  return boundary - (boundary % (5 * MINUTE));
}

/** @returns the boundary that lies `count` intervals before another one. */
function back(schedule: Schedule, from: Instant, count: number): Instant {
  let boundary = from;
  for (let left = count; left > 0; left--) boundary = schedule.previous(boundary);
  return boundary;
}

function lengthOf(interval: Exclude<JobInterval, string>): number {
  if (typeof interval === "number") return interval;
  const { weeks = 0, days = 0, hours = 0, minutes = 0 } = interval;
  return weeks * 7 * DAY + days * DAY + hours * HOUR + minutes * MINUTE;
}

const ENDINGS: Readonly<Record<string, Ending>> = { f: "finished", x: "interrupted", t: "taken-over" };

function historyFrom(first: Instant, schedule: Schedule, example: Example) {
  const history: EndedRun[] = [];
  const skipped: SkippedSpan[] = [];
  let start = first;
  let at = 0;
  for (const letter of example.went) {
    const end = schedule.next(start);
    const outcome = ENDINGS[letter];
    const takes = (end - start) / 16;
    if (outcome === undefined) {
      skipped.push({ skippedStartedAt: toIso(start), skippedEndedAt: toIso(end), recordedAt: toIso(end + takes) });
    } else {
      const createdAt =
        end + (at % 3) * 1_700 + 2_000 + (history.at(-1)?.intervalEndedAt === toIso(end) ? 2 * takes : 0);
      const { runUrl = null, ...holder } = holderOf(example, at);
      history.push({
        id: `${example.name}-${at}`,
        intervalStartedAt: toIso(start),
        intervalEndedAt: toIso(end),
        outcome,
        createdAt: toIso(createdAt),
        endedAt: toIso(Math.round(createdAt + Math.min(takes, 20 * MINUTE) * (0.7 + ((at * 7) % 5) / 10))),
        runUrl,
        holder,
      });
    }
    if (letter === "f" || letter === "s") start = end;
    at++;
  }
  return { history, skipped, finishedUntil: start };
}

function holderOf({ repository, name }: Example, at: number): Holder {
  const runId = String(10_773_381 * 100 + name.length * 37 + at);
  const attempt = at % 9 === 8 ? "2" : "1";
  const runUrl = `https://github.com/${repository}/actions/runs/${runId}/attempts/${attempt}`;
  return { repository, runId, attempt, job: name.split("/")[1] ?? name, runUrl };
}
