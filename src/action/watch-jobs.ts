import type { JobBackend } from "../backend/job-backend.ts";
import { oneLine } from "../backend/one-line.ts";
import { statusLine } from "../backend/status-line.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import type { Deadline } from "../network/deadline.ts";
import { type MetRule, metRules, type WatchedJobs } from "../scheduler/fail-when.ts";
import type { Instant } from "../scheduler/instant.ts";
import { CONDITIONS, conditionOfJob } from "../scheduler/job-condition.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";
import { isDamage } from "../store/read-each.ts";
import { connect } from "./connect.ts";
import { type DisabledWorkflows, disabledWorkflows } from "./github/disabled-workflows.ts";
import { serverUrlOf } from "./holder.ts";
import { loadStatusInputs, type StatusInputs } from "./status-inputs.ts";
import { setStatusOutputs } from "./status-outputs.ts";
import { appendSummary } from "./summary/append-summary.ts";
import { statusSummary } from "./summary/status-summary.ts";
import type { Surroundings } from "./toolkit.ts";

/** An annotation holds some 4,000 characters. */
const MOST_NAMES = 20;

/** The jobs that the step looks at, the most urgent first. */
interface FoundJobs extends WatchedJobs {
  /** The names of the input `job-names` that no job has. */
  readonly missing: readonly string[];
  /** An error for each state document that is too damaged to have a name. */
  readonly nameless: readonly ServiceError[];
  /** By the clock that decides about the jobs, if it is known. */
  readonly now: Instant;
}

/** The step of `status/action.yml`: reads the states of jobs, and fails where one meets a rule. It writes to no job. */
export async function watchJobs(surroundings: Surroundings): Promise<null> {
  const { toolkit, env } = surroundings;
  const inputs = await loadStatusInputs(toolkit, env);
  let found: FoundJobs;
  try {
    found = await findJobs(inputs, surroundings);
  } catch (error) {
    const { readingMessage } = await import(/* webpackChunkName: "failure" */ "./remedies.ts");
    toolkit.setFailed(oneLine(readingMessage(error)));
    return null;
  }
  const { now } = found;
  const disabled = await disabledWorkflows(inputs.githubToken, surroundings);
  setStatusOutputs(toolkit, inputs, { watched: found, disabled, now });
  logJobs(found, surroundings);
  if (disabled.paths === null) logUnknown(disabled.because, inputs, surroundings);
  if (inputs.hasSummary) {
    const serverUrl = serverUrlOf(env) ?? "";
    const summarized = { watched: found, missing: found.missing, disabled, now, serverUrl };
    await appendSummary(() => statusSummary(summarized), surroundings);
  }
  const problems = problemsOf(inputs, { found, disabled, met: metRules(inputs.rules, found, now) });
  if (problems.length > 0) toolkit.setFailed(problems.join("; "));
  return null;
}

async function findJobs(
  { jobNames, location, login, deadline: ms }: StatusInputs,
  surroundings: Surroundings,
): Promise<FoundJobs> {
  const backend = await connect(location, login, surroundings, {});
  const deadline = surroundings.deadline(ms);
  try {
    const found = jobNames === null ? await allJobs(backend, deadline) : await namedJobs(backend, jobNames, deadline);
    return { ...found, jobs: byUrgency(found.jobs), now: backend.now?.() ?? surroundings.now() };
  } finally {
    await backend.close();
  }
}

async function allJobs(backend: JobBackend, deadline: Deadline): Promise<Omit<FoundJobs, "now">> {
  const { jobs, damaged, nameless = [] } = await backend.states(deadline);
  return { jobs, damaged, nameless, missing: [] };
}

async function namedJobs(
  backend: JobBackend,
  names: readonly string[],
  deadline: Deadline,
): Promise<Omit<FoundJobs, "now">> {
  const jobs: JobStatus[] = [];
  const [damaged, missing]: [string[], string[]] = [[], []];
  for (const name of names) {
    try {
      const status = await backend.status(name, deadline);
      if (status === null) missing.push(name);
      else jobs.push(status);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged.push(name);
    }
  }
  return { jobs, damaged, missing, nameless: [] };
}

/** Jobs of one condition stay in their order. */
function byUrgency(jobs: readonly JobStatus[]): readonly JobStatus[] {
  const rank = (job: JobStatus) => CONDITIONS.indexOf(conditionOfJob(job));
  return jobs.toSorted((a, b) => rank(a) - rank(b));
}

function logJobs({ jobs, damaged, missing, now }: FoundJobs, { toolkit }: Surroundings): void {
  for (const name of damaged) {
    toolkit.info(`${oneLine(name)}: its state document is damaged; docs/locks.md says how to repair or remove it`);
  }
  for (const job of jobs) toolkit.info(statusLine(job, now));
  if (jobs.length + damaged.length + missing.length === 0) toolkit.info("No job has been started there");
}

/** Without the permission to read them, a step that does not ask for disabled workflows has nothing to report. */
function logUnknown(because: string, { rules }: StatusInputs, { toolkit }: Surroundings): void {
  const line = `It is not known whether GitHub has disabled workflows of this repository: ${oneLine(because)}`;
  if (rules.some(({ kind }) => kind === "disabled")) toolkit.warning(line);
  else toolkit.debug(line);
}

interface Judged {
  readonly found: FoundJobs;
  readonly disabled: DisabledWorkflows;
  readonly met: readonly MetRule[];
}

/** @returns the parts of the step's error: nothing if the step succeeds. */
function problemsOf({ rules }: StatusInputs, { found, disabled, met }: Judged): readonly string[] {
  const { missing, damaged, nameless } = found;
  const problems: string[] = [];
  if (missing.length > 0) problems.push(`job-names: no job of this name was ever started: ${listOf(missing)}`);
  if (damaged.length > 0) problems.push(`The state document is damaged: ${listOf(damaged)}`);
  for (const error of nameless) problems.push(oneLine(error.message));
  for (const { rule, names } of met) problems.push(`fail-when: ${oneLine(rule.text)}: ${listOf(names)}`);
  const inactive = disabled.paths ?? [];
  if (inactive.length > 0 && rules.some(({ kind }) => kind === "disabled")) {
    problems.push(
      `fail-when: disabled: GitHub has disabled ${listOf(inactive)} for inactivity: enable it again, with "gh workflow enable" or on its page`,
    );
  }
  return problems;
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => oneLine(shownValue(name)));
  return `${shown.join(", ")}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ""}`;
}
