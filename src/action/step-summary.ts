import type { Started } from "../backend/job-backend.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import type { Span } from "../scheduler/span.ts";
import type { Holder } from "../scheduler/state-document.ts";
import type { ConnectedStep } from "./connected-step.ts";
import { messageOf } from "./error-message.ts";
import { ownHolder } from "./holder.ts";
import { dueAtOf } from "./outputs.ts";
import type { SummaryRow } from "./summary/summary-text.ts";
import type { StepSummary } from "./summary/write-summary.ts";
import type { Surroundings } from "./toolkit.ts";
import { whileWaiting } from "./while-waiting.ts";

/** Writes the summary of a step, unless the input `summary` turns it off. No failure of it fails the step. */
export async function addSummary(
  surroundings: Surroundings,
  summary: () => StepSummary | Promise<StepSummary>,
): Promise<void> {
  if (!isWanted(surroundings)) return;
  try {
    const { writeSummary } = await loadWriter();
    await writeSummary(await summary(), surroundings);
  } catch (error) {
    surroundings.toolkit.debug(`The summary was not written: ${await messageOf(error)}`);
  }
}

/** Loads the code for a summary while this process waits for an answer. */
export function prepareSummary(surroundings: Surroundings): void {
  if (isWanted(surroundings)) whileWaiting(() => loadWriter().catch(() => {}));
}

function isWanted({ toolkit, env }: Surroundings): boolean {
  return Boolean(env.GITHUB_STEP_SUMMARY) && !/^false$/i.test(toolkit.getInput("summary"));
}

/** In an async function, since the `import()` of the bundle throws at once if it cannot read a file. */
async function loadWriter() {
  return import(/* webpackChunkName: "summary" */ "./summary/write-summary.ts");
}

export function startedRow(
  granted: Started,
  { surroundings, kind }: Pick<ConnectedStep, "surroundings" | "kind">,
): SummaryRow {
  return {
    jobName: granted.jobName,
    interval: { from: granted.intervalStartedAt, until: granted.intervalEndedAt },
    outcome: granted.takenOver === null ? "started" : "started, by a takeover",
    holder: ownHolder(surroundings.env, { kind, checkRunId: "" }),
    dueAt: null,
    behind: granted.behind,
  };
}

export function refusedRow(jobName: string, refusal: NotStarted): SummaryRow {
  return {
    jobName,
    interval: null,
    outcome: `not started (${refusal.reason})`,
    holder: refusal.reason === "active" ? refusal.holder : null,
    dueAt: dueAtOf(refusal),
    behind: null,
  };
}

interface EndedRow {
  readonly jobName: string;
  /** Null: it is not known. */
  readonly interval: Span | null;
  readonly isFinished: boolean;
  readonly holder: Holder;
  /** How many further intervals are due. Null: it is not known. */
  readonly behind: number | null;
}

export function endedRow({ isFinished, ...row }: EndedRow): SummaryRow {
  return { ...row, outcome: isFinished ? "finished" : "interrupted", dueAt: null };
}
