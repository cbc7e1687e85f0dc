import { oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";

const RESULTS = ["success", "failure", "cancelled", "skipped"] as const;
type Result = (typeof RESULTS)[number];

/** Whether the work of an interval, done by several jobs, succeeded. */
export interface Verdict {
  readonly isDone: boolean;
  /** The end of a sentence that begins with "because". */
  readonly because: string;
  /** A needed job whose outputs say that it started the interval. Null: there is none, or the results have no outputs. */
  readonly startedBy: string | null;
}

/**
 * Judges the results of the needed jobs: the interval is done if each of them succeeded.
 *
 * @param needs `toJSON(needs)`, or `toJSON(needs.*.result)`.
 * @param allowSkipped The names of the jobs that may be skipped.
 * @throws ArgumentError
 */
export function verdictOn(needs: string, allowSkipped: readonly string[]): Verdict {
  const results = resultsIn(needs);
  const isWithoutNames = results.some((job) => job.name === null);
  for (const name of allowSkipped) {
    if (results.some((job) => job.name === name)) continue;
    throw new ArgumentError("not-allowed", {
      field: "allow-skipped",
      value: name,
      problem: isWithoutNames
        ? "names a job, and the input needs is a list of results without names"
        : "is not one of the needed jobs",
      expected: isWithoutNames ? `needs: \${{ toJSON(needs) }}` : `one of ${results.map((job) => job.name).join(", ")}`,
    });
  }
  const startedBy = results.find(({ hasStarted }) => hasStarted)?.name ?? null;
  const wrong = results.filter(
    ({ name, result }) =>
      result !== "success" && !(result === "skipped" && name !== null && allowSkipped.includes(name)),
  );
  // A job is skipped because another one failed.
  const failed = wrong.find(({ result }) => result !== "skipped") ?? wrong[0];
  if (failed === undefined) return { isDone: true, because: "all needed jobs succeeded", startedBy };
  const job = failed.name === null ? "a needed job" : `the job ${oneLine(failed.name)}`;
  return {
    isDone: false,
    because: `${job} ${failed.result === "skipped" ? "was skipped" : `ended with ${failed.result}`}`,
    startedBy,
  };
}

interface NeededJob {
  /** Null: a list of results has no names. */
  readonly name: string | null;
  readonly result: Result;
  readonly hasStarted: boolean;
}

function resultsIn(needs: string): readonly NeededJob[] {
  const value = parsed(needs);
  const jobs = Array.isArray(value)
    ? value.map((result) => ({ name: null, result, hasStarted: false }))
    : typeof value === "object" && value !== null
      ? Object.entries(value).map(([name, job]) => neededJob(name, job))
      : [];
  if (jobs.length === 0) throw wrongNeeds(needs, "has no job");
  return jobs.map(({ name, result, hasStarted }) => {
    const known = RESULTS.find((word) => word === result);
    if (known === undefined) {
      throw wrongNeeds(needs, `has the result ${shownValue(result)}, which GitHub does not give`);
    }
    return { name, result: known, hasStarted };
  });
}

function neededJob(name: string, job: unknown) {
  const { result, outputs } = (job ?? {}) as { result?: unknown; outputs?: { started?: unknown } | null };
  return { name, result, hasStarted: outputs?.started === "true" };
}

function parsed(needs: string): unknown {
  try {
    return JSON.parse(needs);
  } catch (cause) {
    throw wrongNeeds(needs, "is not JSON", cause);
  }
}

function wrongNeeds(needs: string, problem: string, cause?: unknown): ArgumentError {
  return new ArgumentError("not-allowed", {
    field: "needs",
    value: needs,
    problem,
    expected: `\${{ toJSON(needs) }}, in a job that needs the jobs of the work`,
    cause,
  });
}
