import { rm } from "node:fs/promises";
import { JobActiveError, type JobBackend } from "../backend/job-backend.ts";
import { holderLine, oneLine } from "../backend/one-line.ts";
import { statusLine } from "../backend/status-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Location } from "../location/location.ts";
import { behindCount } from "../scheduler/behind-count.ts";
import { type FailRule, metRules, parseFailRules } from "../scheduler/fail-when.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { parseInstantOnly } from "../scheduler/instant-text.ts";
import { itemsIn } from "../scheduler/list-text.ts";
import type { JobState } from "../scheduler/state-document.ts";
import { unusualCharacter } from "../scheduler/unusual-character.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";
import { isDamage } from "../store/read-each.ts";
import { type CommandSurroundings, EXIT, type Exit, runOnBackend } from "./command-line.ts";
import { shownLock, shownStatus } from "./job-status.ts";
import { jsonLine } from "./json-line.ts";
import { commandMessage } from "./remedies.ts";
import { type IntervalCount, skippedSpan } from "./skipped-span.ts";
import { countsLine, type RowState, statusRows } from "./status-rows.ts";
import { statusTable } from "./status-table.ts";
import { columnsOf, cursorMover, hasColours, painted, type Terminal } from "./terminal.ts";

const FLAGS = {
  json: { type: "boolean", default: false },
  until: { type: "string" },
  yes: { type: "boolean", short: "y", default: false },
} as const;
const ANY_JOB = { jobs: [0, 1], flags: { ...FLAGS, "fail-when": { type: "string", multiple: true } } } as const;
const ONE_JOB = { jobs: [1, 1], flags: FLAGS } as const;

/** What `status` uses outside of this process. */
interface StatusSurroundings extends CommandSurroundings {
  readonly output: CommandSurroundings["output"] & Terminal;
}

/** `status [JOB]`: shows one job in a line, or all jobs in a table, first the jobs that may need attention. */
export function status(surroundings: StatusSurroundings): Promise<number> {
  return runOnBackend(surroundings, ANY_JOB, async (backend, { job, flags }) => {
    const rules = await parseFailRules((flags["fail-when"] ?? []).flatMap(itemsIn));
    const shown = { rules, json: flags.json, now: () => backend.now?.() ?? surroundings.now() };
    return job === undefined ? allJobs(backend, shown, surroundings) : oneJob(backend, { ...shown, job }, surroundings);
  });
}

interface Shown {
  readonly rules: readonly FailRule[];
  readonly json: boolean;
  /** By the clock that decides about the jobs, where the backend knows it after a request. */
  readonly now: () => Instant;
}

async function oneJob(
  backend: JobBackend,
  { job, rules, json, now }: Shown & { readonly job: string },
  { output, errors, deadline }: StatusSurroundings,
): Promise<Exit> {
  const found = await backend.status(job, deadline());
  if (json) output.write(jsonLine(found && shownStatus(found)));
  else if (found !== null) output.write(`${statusLine(found, now())}\n`);
  return found === null ? neverStarted(job, errors) : exitBy(rules, { jobs: [found], now: now() }, errors);
}

async function allJobs(
  backend: JobBackend,
  { rules, json, now: clock }: Shown,
  { output, errors, deadline, env }: StatusSurroundings,
): Promise<Exit> {
  const { jobs, damaged, nameless = [] } = await backend.states(deadline());
  const now = clock();
  const rows = statusRows({ jobs, damaged }, rules, now);
  if (json) output.write(jsonLine(rows.flatMap(({ job }) => job ?? []).map(shownStatus)));
  else if (rows.length > 0) {
    const paint = hasColours(output, env) ? painted : (_: RowState, text: string) => text;
    const table = statusTable(rows, { now, width: columnsOf(output), paint, moveTo: cursorMover(output, env) });
    output.write(`${[...table, "", countsLine(rows)].join("\n")}\n`);
  }
  for (const name of damaged) {
    errors.write(`${oneLine(name)}: its state document is damaged; status ${oneLine(name)} shows where\n`);
  }
  for (const error of nameless) errors.write(`${oneLine(commandMessage(error))}\n`);
  if (rows.length + nameless.length === 0) errors.write(NO_JOBS);
  const exit = exitBy(rules, { jobs, now }, errors);
  return damaged.length + nameless.length > 0 ? EXIT.failed : exit;
}

const NO_JOBS = `No job has been started there. A workflow or a command starts the first one:
  cronyx-action exec hourly-report --interval "0 * * * *" --url URL -- date
`;

function exitBy(
  rules: readonly FailRule[],
  { jobs, now }: { readonly jobs: readonly JobStatus[]; readonly now: Instant },
  errors: CommandSurroundings["errors"],
): Exit {
  const met = metRules(rules, { jobs, damaged: [] }, now);
  for (const { rule, names } of met) errors.write(`${oneLine(rule.text)}: ${names.map(oneLine).join(", ")}\n`);
  return met.length === 0 ? EXIT.done : EXIT.ruleMet;
}

/**
 * `release JOB`: interrupts the active lock that it has read, and no later one. It removes a damaged state document, after a
 * question.
 */
export function release(surroundings: CommandSurroundings): Promise<number> {
  return runOnBackend(surroundings, ONE_JOB, async (backend, { job = "", flags: { json, yes }, location }) => {
    const { output, errors, deadline } = surroundings;
    let state: JobState | null;
    try {
      state = (await backend.status(job, deadline()))?.state ?? null;
    } catch (error) {
      if (!isDamage(error) || error.ref === null) throw error;
      return removeDamaged(backend, { job, json, yes, error }, surroundings);
    }
    if (state === null) return neverStarted(job, errors);
    const { active } = state;
    if (active === null) {
      errors.write(`${oneLine(job)} is free: there is no lock to release\n`);
      return EXIT.notFound;
    }
    const interrupt = () => backend.interrupt({ jobName: job, id: active.id, record: null }, deadline());
    try {
      await interrupt();
    } catch (error) {
      const lockFile = lockFileHere(error, location);
      if (lockFile === null) throw error;
      const question = `${oneLine(commandMessage(error))}. Remove it, and release ${oneLine(job)}?`;
      if (!(await askToConfirm(question, { verb: "remove", yes }, surroundings))) {
        errors.write(`${oneLine(job)}: nothing was removed\n`);
        return EXIT.failed;
      }
      await rm(lockFile, { force: true });
      await interrupt();
    }
    output.write(
      json
        ? jsonLine({ name: job, released: shownLock(active) })
        : `Released ${oneLine(job)}, which was held by ${holderLine(active.holder)} since ${active.createdAt}: ${active.intervalStartedAt} to ${active.intervalEndedAt} will be granted again\n`,
    );
    return EXIT.done;
  });
}

async function removeDamaged(
  backend: JobBackend,
  { job, json, yes, error }: { job: string; json: boolean; yes: boolean; error: ServiceError },
  surroundings: CommandSurroundings,
): Promise<Exit> {
  const { output, errors, deadline } = surroundings;
  const question = `${oneLine(commandMessage(error))}. Remove it? The next start of ${oneLine(job)} is then its first one`;
  if (!(await askToConfirm(question, { verb: "remove", yes }, surroundings))) {
    errors.write(`${oneLine(job)}: nothing was removed\n`);
    return EXIT.failed;
  }
  if (!(await backend.remove?.(job, deadline()))) {
    errors.write(`${oneLine(job)}: nothing was removed, because its state document was replaced meanwhile\n`);
    return EXIT.failed;
  }
  output.write(
    json
      ? jsonLine({ name: job, removed: error.ref?.name ?? null })
      : `Removed the state document of ${oneLine(job)}: its next start is its first one\n`,
  );
  return EXIT.done;
}

/** @returns the path of a lock file in a git repository on this machine, which a killed process left behind. Null without one. */
function lockFileHere(error: unknown, location: Location): string | null {
  if (!(error instanceof ServiceError) || error.code !== "update-failed") return null;
  const isHere = location.kind === "repository" && location.transport === "file";
  return isHere ? (error.ref?.lockFile ?? null) : null;
}

/** @throws ArgumentError where there is no terminal to ask on. */
async function askToConfirm(
  question: string,
  { verb, yes }: { readonly verb: "remove" | "skip"; readonly yes: boolean },
  { confirm, errors }: CommandSurroundings,
): Promise<boolean> {
  if (yes) return true;
  const answer = await confirm(question);
  if (answer !== null) return answer;
  // The question contains the error.
  if (verb === "remove") errors.write(`${question}\n`);
  throw new ArgumentError("missing", {
    field: "yes",
    problem: "is missing, and there is no terminal to ask on",
    expected: `--yes to ${verb} without a question`,
  });
}

/** `skip JOB --until INSTANT`: shows which intervals will not be run, asks, and skips them. */
export function skip(surroundings: CommandSurroundings): Promise<number> {
  return runOnBackend(surroundings, ONE_JOB, async (backend, { job = "", flags: { json, until: text, yes } }) => {
    const { output, errors, deadline } = surroundings;
    const until = untilIn(text);
    const status = await backend.status(job, deadline());
    if (status === null) return neverStarted(job, errors);
    const { active, finishedUntil } = status.state;
    // The backend refuses this skip too, but only after a person has answered. A repeated skip changes nothing, so it is sent.
    if (active !== null && finishedUntil !== toIso(until)) {
      throw new JobActiveError(job, { holder: active.holder, since: Date.parse(active.createdAt) });
    }
    const question = `${oneLine(job)}: ${await skippedLine(status, until)}`;
    if (!(await askToConfirm(`${question}. Skip them?`, { verb: "skip", yes }, surroundings))) {
      errors.write(`${oneLine(job)}: nothing was skipped\n`);
      return EXIT.failed;
    }
    const skipped = await backend.skip(job, until, deadline());
    output.write(json ? jsonLine(shownStatus(skipped)) : `${question}: skipped\n`);
    return EXIT.done;
  });
}

function untilIn(text: string | undefined): Instant {
  if (text !== undefined) return parseInstantOnly("until", text);
  const expected = "--until with an instant such as 2026-11-24T00:00:00Z";
  throw new ArgumentError("missing", { field: "until", problem: "is missing", expected });
}

/** The span that a skip leaves out, with its number of intervals if the state has a schedule. */
async function skippedLine({ state }: JobStatus, until: Instant): Promise<string> {
  const span = await skippedSpan(state, until);
  if (span === null) return `no interval until ${toIso(until)} will be run`;
  const count = span.count === null ? "" : `, ${countLine(span.count)},`;
  return `${toIso(span.from)} to ${toIso(until)}${count} will not be run`;
}

function countLine({ whole, hasPart }: IntervalCount): string {
  const number = behindCount(whole);
  if (!hasPart) return `${number} ${whole === 1 ? "interval" : "intervals"}`;
  return whole === 0
    ? "a part of one interval"
    : `${number} ${whole === 1 ? "interval" : "intervals"} and a part of the next`;
}

function neverStarted(job: string, errors: CommandSurroundings["errors"]): Exit {
  const character = unusualCharacter(job);
  const hint = character === null ? "" : `; its name contains ${character}, and a name without it is another job`;
  errors.write(
    `${oneLine(job)} has never been started${oneLine(hint)}: pass a name that status without a name shows\n`,
  );
  return EXIT.notFound;
}
