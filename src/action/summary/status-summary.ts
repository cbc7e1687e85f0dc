import { behindCount } from "../../scheduler/behind-count.ts";
import type { WatchedJobs } from "../../scheduler/fail-when.ts";
import type { Instant } from "../../scheduler/instant.ts";
import { conditionOfJob } from "../../scheduler/job-condition.ts";
import { formatLength, latenessOf } from "../../scheduler/late-text.ts";
import { type EndedRun, endingOf, type JobState } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import { zoneNamed } from "../../scheduler/zone.ts";
import type { DisabledWorkflows } from "../github/disabled-workflows.ts";
import { tableLines } from "./long-table.ts";
import { code, holderText, wallText } from "./summary-cells.ts";

/** In bytes: room for the line about rows that are left out, and for the line about disabled workflows. */
const LONGEST_REST = 4_000;
const MOST_WORKFLOWS = 20;

interface Summarized {
  readonly watched: WatchedJobs;
  /** The names that the step was asked for, and that no job has. */
  readonly missing: readonly string[];
  readonly disabled: DisabledWorkflows;
  readonly now: Instant;
  /** The address of the GitHub server, to which the holders' runs may link. */
  readonly serverUrl: string;
}

/** @returns the table in GitHub's Markdown, of at most 20,000 bytes. Names from elsewhere stay text. */
export function statusSummary({ watched: { jobs, damaged }, missing, disabled, now, serverUrl }: Summarized): string {
  const rows = [
    ...missing.map((name) => `| ${code(name)} | **never started** | | | | | | |`),
    ...damaged.map((name) => `| ${code(name)} | **damaged** | | | | | | |`),
    ...jobs.map((job) => rowText(job, now, serverUrl)),
  ];
  const head =
    rows.length === 0
      ? ["No job has been started."]
      : [
          `| job | state | finished until (UTC) | next due (UTC) | late | intervals behind | held by | last runs |`,
          "| --- | --- | --- | --- | --- | ---: | --- | --- |",
        ];
  const lines = tableLines({ head, rows, rest: LONGEST_REST, noun: "jobs" });
  const workflows = disabledLine(disabled);
  if (workflows !== null) lines.push("", workflows);
  return `${lines.join("\n")}\n\n`;
}

function rowText({ state, next }: JobStatus, now: Instant, serverUrl: string): string {
  const condition = conditionOfJob({ state, next });
  const late = latenessOf(next, now);
  const cells = [
    code(state.name),
    condition === "failing" || condition === "overdue" ? `**${condition}**` : condition,
    state.finishedUntil === null ? "" : utcText(Date.parse(state.finishedUntil)),
    next.dueAt === null ? "" : utcText(next.dueAt),
    late === null ? "" : formatLength(late),
    next.behind === null ? "" : behindCount(next.behind),
    lockText(state, serverUrl),
    runsText(state.history),
  ];
  return `| ${cells.join(" | ")} |`;
}

function utcText(instant: Instant): string {
  return wallText(instant, zoneNamed("UTC"));
}

function lockText({ active }: JobState, serverUrl: string): string {
  if (active === null) return "";
  const holder = active.holder === null ? "" : holderText(active.holder, serverUrl);
  return `${holder || "an unnamed run"} since ${utcText(Date.parse(active.createdAt))}`;
}

/** For example `17 finished, 2 interrupted, 1 taken over`. An ending of a newer version counts as `ended`. */
function runsText(history: readonly EndedRun[]): string {
  const counts = new Map<string, number>();
  for (const run of history) {
    const ending = endingOf(run)?.replace("-", " ") ?? "ended";
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return [...counts].map(([ending, count]) => `${count} ${ending}`).join(", ");
}

function disabledLine({ paths }: DisabledWorkflows): string | null {
  if (paths === null || paths.length === 0) return null;
  const names = paths.slice(0, MOST_WORKFLOWS).map(code).join(", ");
  const more = paths.length > MOST_WORKFLOWS ? ` and ${paths.length - MOST_WORKFLOWS} more` : "";
  return `**GitHub has disabled workflows of this repository for inactivity**, so their schedules start nothing: ${names}${more}`;
}
