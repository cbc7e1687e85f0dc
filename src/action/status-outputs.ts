import { behindNames, failingNames, heldNames, overdueNames, type WatchedJobs } from "../scheduler/fail-when.ts";
import { type Instant, toIsoOrNull } from "../scheduler/instant.ts";
import { conditionOfJob } from "../scheduler/job-condition.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";
import type { DisabledWorkflows } from "./github/disabled-workflows.ts";
import type { StatusInputs } from "./status-inputs.ts";
import type { Toolkit } from "./toolkit.ts";

/** GitHub takes outputs of 1 MB from each job of a workflow, and counts two bytes for each UTF-16 code unit. */
const LONGEST_JOBS = 400_000;
/** How many of a job's last runs the list has, as many as there is room for. */
const RUNS_OF_A_JOB = [20, 5, 1, 0] as const;

interface Found {
  readonly watched: WatchedJobs;
  readonly disabled: DisabledWorkflows;
  readonly now: Instant;
}

export function setStatusOutputs(
  { setOutput, warning }: Pick<Toolkit, "setOutput" | "warning">,
  { rules }: Pick<StatusInputs, "rules">,
  { watched, disabled, now }: Found,
): void {
  const { json, left } = jobsJson(watched);
  if (left > 0) warning(`The output jobs leaves out ${left} jobs: name fewer of them in job-names`);
  const held = rules.flatMap((rule) => (rule.kind === "held" ? heldNames(watched, rule.longerThan, now) : []));
  const outputs = {
    overdue: overdueNames(watched, now),
    failing: failingNames(watched),
    "held-too-long": [...new Set(held)],
    behind: behindNames(watched),
  };
  setOutput("jobs", json);
  for (const [name, names] of Object.entries(outputs)) setOutput(name, JSON.stringify(names));
  setOutput("disabled", disabled.paths === null ? "" : JSON.stringify(disabled.paths));
}

/** @returns the list of the jobs, and how many of them have no room in it. */
export function jobsJson({ jobs, damaged }: WatchedJobs): { readonly json: string; readonly left: number } {
  const broken = damaged.map((name) => JSON.stringify(damagedJob(name)));
  let texts: string[] = [];
  for (const runs of RUNS_OF_A_JOB) {
    texts = [...broken, ...jobs.map((job) => JSON.stringify(shownJob(job, runs)))];
    const length = texts.reduce((sum, text) => sum + text.length + 1, 1);
    if (length <= LONGEST_JOBS) return { json: `[${texts.join(",")}]`, left: 0 };
  }
  let length = 1;
  const fitting = texts.filter((text) => {
    length += text.length + 1;
    return length <= LONGEST_JOBS;
  });
  return { json: `[${fitting.join(",")}]`, left: texts.length - fitting.length };
}

function shownJob({ state, next }: JobStatus, runs: number) {
  const { name, finishedUntil, active, history } = state;
  const { behind, overdue, failing, waitingFor } = next;
  return {
    name,
    state: conditionOfJob({ state, next }),
    finishedUntil,
    dueAt: toIsoOrNull(next.dueAt),
    behind,
    overdue,
    failing,
    waitingFor: waitingFor?.map(({ jobName }) => jobName) ?? null,
    lock: active && {
      holder: active.holder,
      since: active.createdAt,
      updatedAt: active.updatedAt,
      intervalStartedAt: active.intervalStartedAt,
      intervalEndedAt: active.intervalEndedAt,
    },
    runs: history.slice(0, runs).map(({ outcome, intervalStartedAt, intervalEndedAt, endedAt }) => ({
      outcome,
      intervalStartedAt,
      intervalEndedAt,
      endedAt,
    })),
  };
}

/** The same fields, so that a workflow can read each of them without a test. */
function damagedJob(name: string): { readonly [field in keyof ReturnType<typeof shownJob>]: unknown } {
  return {
    name,
    state: "damaged",
    finishedUntil: null,
    dueAt: null,
    behind: null,
    overdue: null,
    failing: true,
    waitingFor: null,
    lock: null,
    runs: [],
  };
}
