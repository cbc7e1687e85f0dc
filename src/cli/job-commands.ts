import { JobActiveError, type JobStatus } from "../backend/job-backend.ts";
import { holderLine, oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { MAX_BEHIND } from "../scheduler/decide.ts";
import { type Instant, parseInstant, toIso } from "../scheduler/instant.ts";
import { utcForm } from "../scheduler/instant-text.ts";
import { unusualCharacter } from "../scheduler/unusual-character.ts";
import { type CommandSurroundings, EXIT, type Exit, onBackend } from "./job-command.ts";
import { shownLock, shownStatus, statusLine } from "./job-status.ts";
import { type IntervalCount, skippedSpan } from "./skipped-span.ts";

/** `status [JOB]`: shows one job, or all jobs: those first that may need attention. */
export function status(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [0, 1], async (backend, { job, json }) => {
    const { output, errors, deadline, now } = surroundings;
    if (job === undefined) {
      const { jobs, damaged } = await backend.states(deadline());
      const sorted = jobs.toSorted((a, b) => urgencyOf(b) - urgencyOf(a));
      if (json) output.write(`${JSON.stringify(sorted.map(shownStatus))}\n`);
      else for (const one of sorted) output.write(`${statusLine(one, now())}\n`);
      for (const name of damaged) {
        errors.write(`${oneLine(name)}: its state document is damaged; status ${oneLine(name)} shows where\n`);
      }
      if (damaged.length > 0) return EXIT.failed;
      if (jobs.length === 0) errors.write("No job has been started there\n");
      return EXIT.done;
    }
    const found = await backend.status(job, deadline());
    if (json) output.write(`${JSON.stringify(found && shownStatus(found))}\n`);
    else if (found !== null) output.write(`${statusLine(found, now())}\n`);
    return found === null ? neverStarted(job, errors) : EXIT.done;
  });
}

function urgencyOf({ next }: JobStatus): number {
  return (next.failing ? 2 : 0) + (next.overdue ? 1 : 0);
}

/** `release JOB`: interrupts the lock that it finds active, and no other. */
export function release(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [1, 1], async (backend, { job = "", json }) => {
    const { output, errors, deadline } = surroundings;
    const state = (await backend.status(job, deadline()))?.state ?? null;
    if (state === null) return neverStarted(job, errors);
    const { active } = state;
    if (active === null) {
      errors.write(`${oneLine(job)} is free: there is no lock to release\n`);
      return EXIT.notFound;
    }
    await backend.interrupt({ jobName: job, id: active.id, record: null }, deadline());
    output.write(
      json
        ? `${JSON.stringify({ name: job, released: shownLock(active) })}\n`
        : `Released ${oneLine(job)}, which was held by ${holderLine(active.holder)} since ${active.createdAt}: ${active.intervalStartedAt} to ${active.intervalEndedAt} will be granted again\n`,
    );
    return EXIT.done;
  });
}

/** `skip JOB --until INSTANT`: shows which intervals will not be run, asks, and skips them. */
export function skip(surroundings: CommandSurroundings): Promise<Exit> {
  return onBackend(surroundings, [1, 1], async (backend, { job = "", json, until: text, yes }) => {
    const { output, errors, deadline, confirm } = surroundings;
    const until = untilIn(text);
    const status = await backend.status(job, deadline());
    if (status === null) return neverStarted(job, errors);
    const { active, finishedUntil } = status.state;
    // The backend refuses it too, but only after a person has answered. A repeated skip changes nothing, so it may be sent.
    if (active !== null && finishedUntil !== toIso(until)) {
      throw new JobActiveError(job, { holder: active.holder, since: Date.parse(active.createdAt) });
    }
    const question = `${oneLine(job)}: ${await skippedLine(status, until)}`;
    if (!yes) {
      const answer = await confirm(`${question}. Skip them?`);
      if (answer === null) {
        throw new ArgumentError("missing", {
          field: "yes",
          problem: "is missing, and there is no terminal to ask on",
          expected: "--yes to skip without a question",
        });
      }
      if (!answer) {
        errors.write(`${oneLine(job)}: nothing was skipped\n`);
        return EXIT.failed;
      }
    }
    const skipped = await backend.skip(job, until, deadline());
    output.write(json ? `${JSON.stringify(shownStatus(skipped))}\n` : `${question}: skipped\n`);
    return EXIT.done;
  });
}

function untilIn(text: string | undefined): Instant {
  const about = { field: "until", expected: "--until with an instant such as 2026-11-24T00:00:00Z" };
  if (text === undefined) throw new ArgumentError("missing", { ...about, problem: "is missing" });
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  const form = utcForm(text);
  throw new ArgumentError("invalid-instant", {
    ...about,
    value: text,
    problem: "is not an instant",
    ...(form !== null && { expected: form }),
  });
}

/** The span that a skip leaves out, with its number of intervals where the job's last schedule tells it. */
async function skippedLine({ state }: JobStatus, until: Instant): Promise<string> {
  const span = await skippedSpan(state, until);
  if (span === null) return `no interval until ${toIso(until)} will be run`;
  const count = span.count === null ? "" : `, ${countLine(span.count)},`;
  return `${toIso(span.from)} to ${toIso(until)}${count} will not be run`;
}

function countLine({ whole, hasPart }: IntervalCount): string {
  const number = whole === MAX_BEHIND ? `at least ${whole}` : String(whole);
  if (!hasPart) return `${number} ${whole === 1 ? "interval" : "intervals"}`;
  return whole === 0
    ? "a part of one interval"
    : `${number} ${whole === 1 ? "interval" : "intervals"} and a part of the next`;
}

function neverStarted(job: string, errors: CommandSurroundings["errors"]): Exit {
  const character = unusualCharacter(job);
  const hint = character === null ? "" : `; its name contains ${character}, and a name without it is another job`;
  errors.write(`${oneLine(job)} has never been started${oneLine(hint)}\n`);
  return EXIT.notFound;
}
