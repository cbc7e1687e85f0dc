import { DEFAULT_DEADLINE } from "../backend/call-limits.ts";
import { type HeldLock, type JobBackend, LockLostError, type Started } from "../backend/job-backend.ts";
import { nextStart } from "../backend/next-start.ts";
import { oneLine, startedLines } from "../backend/one-line.ts";
import { type RunningCommand, startCommand } from "../command/command.ts";
import { intervalEnvironment } from "../command/interval-environment.ts";
import { parseMaxIntervals } from "../command/max-intervals.ts";
import { type CommandEnding, runUnderLock, whenAborted } from "../command/run-under-lock.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { spanText } from "../scheduler/span.ts";
import { EXIT, runOnBackend } from "./command-line.ts";
import { notStartedLine } from "./not-started-line.ts";
import { commandMessage } from "./remedies.ts";
import { type GivenStart, START_FLAGS, shortNumberWarnings, startIn } from "./start-flags.ts";
import { exitCodeOf, type LockSurroundings, startLock } from "./start-lock.ts";
import { withoutCredentials } from "./without-credentials.ts";

/** In milliseconds. Container engines end a process 10 s after their signal, and to end the command takes up to 4 s of that. */
const LONGEST_END_WHEN_CANCELLED = 5000;

const SHAPE = {
  jobs: [1, 1],
  flags: { ...START_FLAGS, "max-intervals": { type: "string" } },
  surplus: "one job name, and the command after two hyphens, such as -- make report; a cron expression needs quotes",
} as const;

/** `exec JOB --interval INTERVAL -- COMMAND`: runs a command for each due interval, oldest first, under its lock. */
export function exec(surroundings: LockSurroundings): Promise<number> {
  const [args, commandLine] = splitAtHyphens(surroundings.args);
  return runOnBackend({ ...surroundings, args }, SHAPE, async (backend, given) => {
    const { errors } = surroundings;
    const requested = startIn(given);
    for (const line of shortNumberWarnings(given.flags)) errors.write(`${line}\n`);
    const most = parseMaxIntervals("maxIntervals", given.flags["max-intervals"] ?? "");
    const [program, ...programArgs] = commandLine;
    if (program === undefined || program === "") {
      throw new ArgumentError("missing", {
        field: "command",
        problem: "is missing",
        expected: "it after two hyphens, such as -- make report",
      });
    }
    if (requested.request.noLock && most > 1) {
      throw new ArgumentError("not-allowed", {
        field: "maxIntervals",
        value: most,
        problem: "is more than 1, and without a lock each start gets the same interval",
        expected: "1, or leave --no-lock out",
      });
    }
    const cancelled = surroundings.cancellation();
    const execution: Execution = { ...requested, backend, surroundings, program, args: programArgs, cancelled };
    for (let finished = 0; ; ) {
      const wait = finished === 0 ? requested.wait : null;
      const outcome = await startLock({ ...execution, wait });
      if (outcome.kind === "ended") return outcome.exitCode;
      const { answer, sentAt } = outcome;
      if (!answer.started) {
        errors.write(`${notStartedLine("Not started", requested.request, answer)}\n`);
        return finished === 0 ? EXIT.notStarted : EXIT.done;
      }
      for (const line of startedLines(answer)) errors.write(`${line}\n`);
      const exitCode = await runOne(execution, answer, sentAt);
      finished++;
      if (exitCode !== 0 || finished === most) return exitCode;
      if (cancelled.aborted) return exitCodeOf(cancelled);
    }
  });
}

/**
 * @returns the arguments before the `--` that the command follows, and those after it. A job name that begins with a hyphen
 *   follows a `--` of its own: no program has such a name.
 */
function splitAtHyphens(args: readonly string[]): readonly [readonly string[], readonly string[]] {
  const first = args.indexOf("--");
  if (first === -1) return [args, []];
  const isName = args[first + 1]?.startsWith("-") === true && args[first + 2] === "--";
  const at = isName ? first + 2 : first;
  return [args.slice(0, at), args.slice(at + 1)];
}

interface Execution extends GivenStart {
  readonly backend: JobBackend;
  readonly surroundings: LockSurroundings;
  readonly program: string;
  readonly args: readonly string[];
  readonly cancelled: AbortSignal;
}

/** Runs the command for one interval, and ends its lock. Each failure is reported. @returns the exit code. */
async function runOne(execution: Execution, granted: Started, sentAt: number): Promise<number> {
  const { backend, request, surroundings, cancelled } = execution;
  const { errors, deadline } = surroundings;
  const { ending, lock } = await runUnderLock({
    backend,
    request,
    granted,
    sentAt,
    cancelled,
    start: () => startProgram(execution, granted),
    deadline: (signal) => deadline(execution.deadline ?? DEFAULT_DEADLINE.start, signal),
    onNoRenewal: () =>
      errors.write(
        "An original CronyxServer renews no locks: set --retry-interval to more than the longest run takes, since other runs take the lock over then\n",
      ),
    expired: () =>
      new Error("the lock could not be renewed before --retry-interval passed, so another run may have taken it over"),
  });
  if (ending.kind === "lost") {
    errors.write(`The command was stopped: ${oneLine(commandMessage(ending.reason))}\n`);
    if (ending.reason instanceof LockLostError) return EXIT.failed;
  }
  const isEnded = lock === null || (await endLock(execution, { granted, lock, ending }));
  switch (ending.kind) {
    case "exited":
      return ending.code === 0 && !isEnded ? EXIT.failed : ending.code;
    case "cancelled":
      return exitCodeOf(cancelled);
    case "lost":
      return EXIT.failed;
  }
}

/** A program that cannot be started counts as one that exits with 127 or 126, as in a shell. */
async function startProgram(execution: Execution, granted: Started): Promise<RunningCommand> {
  const { program, args, surroundings } = execution;
  const { env, platform, errors } = surroundings;
  try {
    return await startCommand({
      program,
      args,
      workingDirectory: process.cwd(),
      env: { ...withoutCredentials(env, platform), ...intervalEnvironment(granted) },
      platform,
      input: "inherit",
      isVerbatim: false,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const fix = code === "EACCES" ? "make it executable" : "check its path and PATH";
    errors.write(`The program ${shownValue(program)} cannot be started (${oneLine(code ?? message)}): ${fix}\n`);
    return { ended: Promise.resolve(code === "ENOENT" ? 127 : 126), stop: async () => {} };
  }
}

interface EndedRun {
  readonly granted: Started;
  readonly lock: HeldLock;
  readonly ending: CommandEnding;
}

/**
 * Finishes the interval if the command succeeded, and interrupts it otherwise. A failure is reported.
 *
 * @returns whether the lock is ended.
 */
async function endLock(execution: Execution, { granted, lock, ending }: EndedRun): Promise<boolean> {
  const { backend, request, surroundings, cancelled } = execution;
  const { errors } = surroundings;
  const job = oneLine(granted.jobName);
  const span = spanText({ from: granted.intervalStartedAt, until: granted.intervalEndedAt });
  const isDone = ending.kind === "exited" && ending.code === 0;
  const deadline = surroundings.deadline(
    execution.deadline ?? DEFAULT_DEADLINE.end,
    soonAfter(cancelled, LONGEST_END_WHEN_CANCELLED),
  );
  try {
    await (isDone ? backend.finish(lock, deadline) : backend.interrupt(lock, deadline));
    errors.write(
      isDone
        ? `Finished: ${job} for ${span}\n`
        : `Interrupted: ${job} for ${span}, because ${reasonOf(ending, cancelled)}; ${nextStart(request.catchUp ?? "each")}\n`,
    );
    return true;
  } catch (error) {
    const problem = oneLine(commandMessage(error));
    errors.write(
      error instanceof LockLostError
        ? `${problem}. Other runs may have done the same interval too\n`
        : `${problem}. The interval of ${job} is not known to be ${isDone ? "finished" : "interrupted"}: run status to see the lock, and release to free it\n`,
    );
    return false;
  }
}

/** @returns a signal that is aborted this long after another one: an end in progress gets that long. */
function soonAfter(cancelled: AbortSignal, ms: number): AbortSignal {
  const late = new AbortController();
  whenAborted(cancelled, () => setTimeout(() => late.abort(), ms).unref());
  return late.signal;
}

function reasonOf(ending: CommandEnding, cancelled: AbortSignal): string {
  switch (ending.kind) {
    case "exited":
      return `the command exited with ${ending.code}`;
    case "cancelled":
      return `of ${cancelled.reason}`;
    case "lost":
      return "its lock could not be renewed in time";
  }
}
