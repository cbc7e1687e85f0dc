import { behindCount } from "../../scheduler/behind-count.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { Span } from "../../scheduler/span.ts";
import type { Holder, JobState } from "../../scheduler/state-document.ts";
import { type Zone, zoneNamed } from "../../scheduler/zone.ts";
import { runsChart } from "./runs-chart.ts";
import { code, holderText, LONGEST_SUMMARY, wallText } from "./summary-cells.ts";

/** How many rows a table may have: the most of them that fit. */
const MOST_ROWS = [20, 10, 5, 2, 1];

/** One row of the table: a start, or the end of a run. */
export interface SummaryRow {
  readonly jobName: string;
  /** Null: there is none, as the start was refused. */
  readonly interval: Span | null;
  /** What happened, such as `finished`. */
  readonly outcome: string;
  readonly holder: Holder | null;
  /** When the next interval is due. Null: that is not known. */
  readonly dueAt: Instant | null;
  /** How many further intervals are due. Null: that is not known. */
  readonly behind: number | null;
}

export interface Summary {
  readonly rows: readonly SummaryRow[];
  /** The job's state, for the chart of its last runs. Null: it is not known. */
  readonly state: JobState | null;
  readonly timezone: string;
  /** The address of the GitHub server, to which the holders' runs may link. */
  readonly serverUrl: string;
}

/** @returns the summary of a step in GitHub's Markdown, of at most 20,000 bytes. Names from elsewhere stay text. */
export function summaryText({ rows, state, timezone, serverUrl }: Summary): string {
  const zone = knownZone(timezone);
  const head = `| job | interval (${code(zone === null ? "UTC" : timezone)}) | outcome | holder | next due | further intervals due |`;
  const tableOf = (most: number) => {
    const shown = rows.slice(-most);
    const left = rows.length - shown.length;
    return [
      head,
      "| --- | --- | --- | --- | --- | --- |",
      ...shown.map((row) => rowText(row, zone ?? zoneNamed("UTC"), serverUrl)),
      ...(left === 0 ? [] : ["", `${left} earlier ${left === 1 ? "row is" : "rows are"} left out.`]),
    ].join("\n");
  };
  const chart = state === null ? null : runsChart(state, zone ?? zoneNamed("UTC"));
  for (const most of MOST_ROWS) {
    const table = tableOf(most);
    for (const parts of chart === null ? [[table]] : [[table, chart], [table]]) {
      const text = `${parts.join("\n\n")}\n\n`;
      if (Buffer.byteLength(text) <= LONGEST_SUMMARY) return text;
    }
  }
  return "The summary of this step is too long: see its log.\n\n";
}

/** The start has refused an unknown zone, but post reads the input again, when it may have changed. */
function knownZone(timezone: string): Zone | null {
  try {
    return zoneNamed(timezone);
  } catch {
    return null;
  }
}

function rowText(
  { jobName, interval, outcome, holder, dueAt, behind }: SummaryRow,
  zone: Zone,
  serverUrl: string,
): string {
  const cells = [
    code(jobName),
    interval === null ? "" : `${wallText(interval.from, zone)} – ${wallText(interval.until, zone)}`,
    outcome,
    holder === null ? "" : holderText(holder, serverUrl),
    dueAt === null ? "" : wallText(dueAt, zone),
    behind === null ? "" : behindCount(behind),
  ];
  return `| ${cells.join(" | ")} |`;
}
