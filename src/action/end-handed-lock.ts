import { checkLocationOf, type HandedTakenLock, readHandedLock } from "../backend/handed-lock.ts";
import { endOfHandedLock, type HandedLockEnd } from "../backend/handed-lock-end.ts";
import { shownState } from "../backend/handed-lock-state.ts";
import { type HeldLock, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { lockLossLine, oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import type { Location } from "../location/location.ts";
import type { Deadline } from "../network/deadline.ts";
import type { JobState } from "../scheduler/state-document.ts";
import { connect } from "./connect.ts";
import { finishLock, interruptLock } from "./end-lock.ts";
import { messageOf } from "./error-message.ts";
import { ownHolder } from "./holder.ts";
import { loadDeadline, loadGitHubToken, loadItems, loadLocation, loadWord, WHEN_BEHIND } from "./inputs.ts";
import { loadLogin } from "./login.ts";
import { type Verdict, verdictOn } from "./needs.ts";
import { addSummary, endedRow } from "./step-summary.ts";
import type { Surroundings, Toolkit } from "./toolkit.ts";

const ENDS = ["by-needs", "finish", "interrupt"] as const;

/** The inputs of `end/action.yml`, checked. */
interface EndInputs {
  /** Null: there is nothing to end. */
  readonly lock: HandedTakenLock | null;
  /** Why there is nothing to end: a line for the log. Empty if there is a lock. */
  readonly whyNone: string;
  readonly verdict: Verdict;
  readonly location: Location;
  readonly deadline: number;
  readonly whenBehind: (typeof WHEN_BEHIND)[number];
}

/** The step of `end/action.yml`: ends the lock that `start/action.yml` took in an earlier job of the run. */
export async function endHandedLock(surroundings: Surroundings): Promise<null> {
  const { toolkit } = surroundings;
  try {
    const inputs = loadEndInputs(toolkit, surroundings);
    const { lock, verdict, whenBehind } = inputs;
    if (lock === null) {
      toolkit.setOutput("ended", "");
      toolkit.info(inputs.whyNone);
      return null;
    }
    const line = await endLock(lock, inputs, surroundings);
    toolkit.setOutput("ended", verdict.isDone ? "finished" : "interrupted");
    toolkit.info(line);
    if (verdict.isDone && whenBehind === "dispatch" && (lock.behind ?? 0) > 0) {
      const { dispatchNextRun } = await import(/* webpackChunkName: "github" */ "./github/dispatch-workflow.ts");
      await dispatchNextRun(loadGitHubToken(toolkit), surroundings);
    }
  } catch (error) {
    toolkit.setFailed(
      error instanceof LockLostError
        ? `${oneLine(lockLossLine(error))}. Other runs may have done the same interval too`
        : await messageOf(error),
    );
  }
  return null;
}

/** @throws ArgumentError for the first wrong input, before anything is sent. */
function loadEndInputs(toolkit: Toolkit, { env }: Surroundings): EndInputs {
  const verdict = loadVerdict(toolkit);
  const location = loadLocation(toolkit, env);
  const deadline = loadDeadline(toolkit, "end");
  const whenBehind = loadWord(toolkit, "when-behind", WHEN_BEHIND);
  return { verdict, location, deadline, whenBehind, ...loadLock(toolkit, { verdict, location }) };
}

function loadVerdict(toolkit: Toolkit): Verdict {
  const end = loadWord(toolkit, "end", ENDS);
  if (end !== "by-needs") {
    return { isDone: end === "finish", because: `the input end is ${end}`, startedBy: null };
  }
  const needs = toolkit.getInput("needs");
  if (needs !== "") return verdictOn(needs, loadItems(toolkit, "allow-skipped"));
  throw new ArgumentError("missing", { field: "needs", problem: "is missing, and end is not finish or interrupt" });
}

function loadLock(
  toolkit: Toolkit,
  { verdict, location }: Pick<EndInputs, "verdict" | "location">,
): Pick<EndInputs, "lock" | "whyNone"> {
  const text = toolkit.getInput("lock");
  const jobName = toolkit.getInput("job-name");
  if (text === "") {
    if (verdict.isDone || verdict.startedBy !== null) throw missingLock(verdict);
    // A start that failed hands on no lock, and its own post step has given the start up.
    return { lock: null, whyNone: `Nothing to end: there is no lock, because ${verdict.because}` };
  }
  const lock = readHandedLock(text);
  if (lock === null) return { lock, whyNone: "Nothing to end: the job was not started" };
  if (jobName !== lock.jobName) {
    throw new ArgumentError("lock-of-other-run", {
      field: "lock",
      problem: `is of the job ${JSON.stringify(lock.jobName)}, and job-name is ${JSON.stringify(jobName)}`,
    });
  }
  checkLocationOf(lock, location);
  const { id } = lock;
  if (id !== null) return { lock: { ...lock, id }, whyNone: "" };
  return { lock: null, whyNone: `Nothing to end: ${oneLine(jobName)} was started without a lock` };
}

function missingLock({ startedBy }: Verdict): ArgumentError {
  return new ArgumentError("missing", {
    field: "lock",
    problem:
      startedBy === null
        ? "is empty, although the work succeeded"
        : `is empty, although the job ${oneLine(startedBy)} started the interval, whose lock stays active`,
    expected: "the output lock of the start step, by way of an output of its job",
  });
}

/** @returns a line for the log. */
async function endLock(
  lock: HandedTakenLock,
  { verdict, location, deadline }: EndInputs,
  surroundings: Surroundings,
): Promise<string> {
  const backend = await connect(location, loadLogin(surroundings.toolkit, location), surroundings, {});
  try {
    return await endOn(backend, { lock, verdict, deadline: surroundings.deadline(deadline), surroundings });
  } finally {
    await backend.close();
  }
}

/** The end that the inputs ask for, with all that it needs. */
interface LockEnd {
  readonly lock: HandedTakenLock;
  readonly verdict: Verdict;
  readonly deadline: Deadline;
  readonly surroundings: Surroundings;
}

/** @returns a line for the log. */
async function endOn(backend: JobBackend, ending: LockEnd): Promise<string> {
  const { lock, verdict, deadline, surroundings } = ending;
  const { isDone, because } = verdict;
  const holder = ownHolder(surroundings.env, { kind: "start", checkRunId: "" });
  const state = await shownState(backend, lock.jobName, deadline);
  const end: HandedLockEnd =
    state === "hidden"
      ? { call: isDone ? "finish" : "interrupt" }
      : endOfHandedLock({ lock, isDone, run: holder }, state);
  const held: HeldLock = { jobName: lock.jobName, id: lock.id, record: null };
  const interval = { from: lock.intervalStartedAt, until: lock.intervalEndedAt };
  const before = state === "hidden" ? null : state;
  switch (end.call) {
    case null:
      return `Nothing to end: ${oneLine(lock.jobName)} was ${isDone ? "finished" : "interrupted"} at ${end.endedAt}`;
    case "finish": {
      const line = await finishLock(backend, { lock: held, interval, deadline });
      await summarize(before, ending, backend);
      return line;
    }
    case "interrupt": {
      const line = await interruptLock(backend, { lock: held, interval, because, catchUp: null, deadline });
      await summarize(before, ending, backend);
      return line;
    }
    case "resume-and-finish": {
      const resumed = await backend.resume(held, holder, deadline);
      const line = await finishLock(backend, { lock: resumed.lock, interval, deadline });
      await summarize(resumed.lock.record?.state ?? null, ending, backend);
      return `${line}, after an earlier attempt of this run had interrupted it`;
    }
  }
}

/** @param before The job's state before the end of the lock, for the chart. Null: there is none, or it is not known. */
function summarize(
  before: JobState | null,
  { lock, verdict, surroundings }: LockEnd,
  backend: JobBackend,
): Promise<void> {
  const { jobName, id } = lock;
  const isFinished = verdict.isDone;
  const row = endedRow({
    jobName,
    interval: { from: lock.intervalStartedAt, until: lock.intervalEndedAt },
    isFinished,
    holder: ownHolder(surroundings.env, { kind: "start", checkRunId: "" }),
    behind: lock.behind,
  });
  return addSummary(surroundings, () => ({
    rows: [row],
    ended: before && { jobName, id, before, ending: isFinished ? "finished" : "interrupted", backend },
  }));
}
