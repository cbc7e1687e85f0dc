import { checkLocationOf, type HandedLock, readHandedLock } from "../backend/handed-lock.ts";
import { endOfHandedLock, type HandedLockEnd } from "../backend/handed-lock-end.ts";
import { shownState } from "../backend/handed-lock-state.ts";
import { type HeldLock, type JobBackend, LockLostError } from "../backend/job-backend.ts";
import { lockLossLine, oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import type { Location } from "../location/location.ts";
import type { Deadline } from "../network/deadline.ts";
import { connect } from "./connect.ts";
import { finishLock, interruptLock } from "./end-lock.ts";
import { messageOf } from "./error-message.ts";
import { holderOf } from "./holder.ts";
import { loadDeadline, loadLines, loadLocation, loadWord, WHEN_BEHIND } from "./inputs.ts";
import { loadLogin } from "./login.ts";
import { type Verdict, verdictOn } from "./needs.ts";
import { addSummary } from "./step-summary.ts";
import type { Surroundings, Toolkit } from "./toolkit.ts";

const ENDS = ["by-needs", "finish", "interrupt"] as const;

/** The inputs of `end/action.yml`, checked. */
interface EndInputs {
  /** Null: the job was not started, so there is nothing to end. */
  readonly lock: HandedLock | null;
  /** Why there is nothing to end. */
  readonly idle: string;
  readonly verdict: Verdict;
  readonly location: Location;
  readonly deadline: number;
  readonly whenBehind: (typeof WHEN_BEHIND)[number];
}

/** The step of `end/action.yml`: ends the lock that `start/action.yml` took in an earlier job of the run. */
export async function endHandedLock(surroundings: Surroundings): Promise<null> {
  const { toolkit } = surroundings;
  try {
    const { lock, idle, verdict, location, deadline, whenBehind } = loadEndInputs(toolkit, surroundings);
    if (lock === null || lock.id === null) {
      toolkit.setOutput("ended", "");
      toolkit.info(lock === null ? idle : `Nothing to end: ${oneLine(lock.jobName)} was started without a lock`);
      return null;
    }
    const backend = await connect(location, loadLogin(toolkit, location), surroundings, {});
    try {
      const line = await endOn(backend, {
        lock: { ...lock, id: lock.id },
        verdict,
        deadline: surroundings.deadline(deadline),
        surroundings,
      });
      toolkit.setOutput("ended", verdict.isDone ? "finished" : "interrupted");
      toolkit.info(line);
    } finally {
      await backend.close();
    }
    if (verdict.isDone && whenBehind === "dispatch" && (lock.behind ?? 0) > 0) {
      const { goOn } = await import(/* webpackChunkName: "github" */ "./github/dispatch-workflow.ts");
      await goOn(toolkit.getInput("github-token"), surroundings);
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
  const end = loadWord(toolkit, "end", ENDS);
  const needs = toolkit.getInput("needs");
  const verdict =
    end === "by-needs" && needs !== ""
      ? verdictOn(needs, loadLines(toolkit, "allow-skipped"))
      : { isDone: end !== "interrupt", because: `the input end is ${end}`, startedBy: null };
  if (end === "by-needs" && needs === "") {
    throw new ArgumentError("missing", { field: "needs", problem: "is missing, and end is not finish or interrupt" });
  }
  const text = toolkit.getInput("lock");
  const jobName = toolkit.getInput("job-name");
  const location = loadLocation(toolkit, env);
  const inputs = {
    verdict,
    location,
    deadline: loadDeadline(toolkit, "end"),
    whenBehind: loadWord(toolkit, "when-behind", WHEN_BEHIND),
  };
  if (text === "") {
    // A start that failed hands on no lock, and its own post step has given the start up.
    if (!verdict.isDone && verdict.startedBy === null)
      return { ...inputs, lock: null, idle: `Nothing to end: there is no lock, because ${verdict.because}` };
    throw new ArgumentError("missing", {
      field: "lock",
      problem:
        verdict.startedBy === null
          ? "is empty, although the work succeeded"
          : `is empty, although the job ${oneLine(verdict.startedBy)} started the interval, whose lock stays active`,
      expected: "the output lock of the start step, by way of an output of its job",
    });
  }
  const lock = readHandedLock(text);
  if (lock !== null) {
    if (jobName !== lock.jobName) {
      throw new ArgumentError("lock-of-other-run", {
        field: "lock",
        problem: `is of the job ${JSON.stringify(lock.jobName)}, and job-name is ${JSON.stringify(jobName)}`,
      });
    }
    checkLocationOf(lock, location);
  }
  return { ...inputs, lock, idle: "Nothing to end: the job was not started" };
}

interface Ending {
  readonly lock: HandedLock & { readonly id: string };
  readonly verdict: Verdict;
  readonly deadline: Deadline;
  readonly surroundings: Surroundings;
}

/** @returns a line for the log. */
async function endOn(backend: JobBackend, ending: Ending): Promise<string> {
  const { lock, verdict, deadline, surroundings } = ending;
  const held: HeldLock = { jobName: lock.jobName, id: lock.id, record: null };
  const holder = holderOf(surroundings.env, { kind: "start", checkRunId: "" });
  const { isDone } = verdict;
  const state = await shownState(backend, lock.jobName, deadline);
  const end: HandedLockEnd =
    state === "hidden"
      ? { call: isDone ? "finish" : "interrupt" }
      : endOfHandedLock({ lock, isDone, run: holder }, state);
  const interval = { from: lock.intervalStartedAt, until: lock.intervalEndedAt };
  const record = state === "hidden" || state === null ? null : { version: "", state };
  const summarize = (ended: HeldLock) =>
    addSummary(surroundings, () => ({
      rows: [
        {
          jobName: lock.jobName,
          interval,
          outcome: isDone ? "finished" : "interrupted",
          holder,
          dueAt: null,
          behind: lock.behind,
        },
      ],
      ended: ended.record === null ? null : { lock: ended, ending: isDone ? "finished" : "interrupted", backend },
    }));
  switch (end.call) {
    case null:
      return `Nothing to end: ${oneLine(lock.jobName)} was ${isDone ? "finished" : "interrupted"} at ${end.endedAt}`;
    case "finish": {
      const line = await finishLock(backend, { lock: held, interval, deadline });
      await summarize({ ...held, record });
      return line;
    }
    case "interrupt": {
      const { because } = verdict;
      const line = await interruptLock(backend, { lock: held, interval, because, catchUp: null, deadline });
      await summarize({ ...held, record });
      return line;
    }
    case "resume-and-finish": {
      const resumed = await backend.resume(held, holder, deadline);
      const line = await finishLock(backend, { lock: resumed.lock, interval, deadline });
      await summarize(resumed.lock);
      return `${line}, after an earlier attempt of this run had interrupted it`;
    }
  }
}
