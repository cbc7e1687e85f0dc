import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { JobBackend } from "../../backend/job-backend.ts";
import { finish, interrupt } from "../../scheduler/job-transitions.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type JobStatus, whatComesNext } from "../../scheduler/what-comes-next.ts";
import { messageOf } from "../error-message.ts";
import { serverUrlOf } from "../holder.ts";
import type { Surroundings } from "../toolkit.ts";
import { type SummaryRow, summaryText } from "./summary-text.ts";

/** In milliseconds. A chart is not worth a longer wait. */
const LONGEST_QUESTION = 5000;

/** A lock that a step has ended. */
interface EndedLock {
  readonly jobName: string;
  readonly id: string;
  /** The job's state before the end. Null: it is not known here, and the backend shows the state after the end. */
  readonly before: JobState | null;
  readonly ending: "finished" | "interrupted";
  readonly backend: JobBackend;
}

/** The content of a step's summary. */
export interface StepSummary {
  readonly rows: readonly SummaryRow[];
  /** For the chart of the job's last runs, and for what comes next in the last row. Null: the step ended no lock. */
  readonly ended: EndedLock | null;
}

/** Writes the summary of a step. */
export async function writeSummary({ rows, ended }: StepSummary, surroundings: Surroundings): Promise<void> {
  const { toolkit, env } = surroundings;
  const status = ended === null ? null : await statusAfter(ended, surroundings);
  const { state = null, next = null } = status ?? {};
  const text = summaryText({
    rows: rows.map((row, at) => (next === null || at < rows.length - 1 ? row : { ...row, dueAt: next.dueAt })),
    state,
    timezone: state?.schedule?.timezone ?? (toolkit.getInput("timezone") || "UTC"),
    serverUrl: serverUrlOf(env) ?? "",
  });
  appendParagraph(env.GITHUB_STEP_SUMMARY ?? "", text);
}

/** The command of the step may have left its last paragraph open, and a table within a paragraph is text. */
function appendParagraph(file: string, text: string): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const missing = before === "" || /\n\r?\n$/.test(before) ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  appendFileSync(file, missing + text);
}

/**
 * @returns the job's status after the end of its lock: as this process knows it, or as a CronyxServer has it. Null: the server
 *   did not answer in time.
 */
async function statusAfter(
  { jobName, id, before, ending, backend }: EndedLock,
  surroundings: Surroundings,
): Promise<JobStatus | null> {
  const { toolkit, now } = surroundings;
  try {
    if (before === null) return await backend.status(jobName, surroundings.deadline(LONGEST_QUESTION));
    const { state } = (ending === "finished" ? finish : interrupt)(before, id, now());
    return state && { state, next: await whatComesNext({ state, required: null, now: now() }) };
  } catch (error) {
    toolkit.debug(`The summary has no chart: ${await messageOf(error)}`);
    return null;
  }
}
