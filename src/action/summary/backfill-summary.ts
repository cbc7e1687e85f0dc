import { shownValue } from "../../errors/shown-value.ts";
import { toIso } from "../../scheduler/instant.ts";
import { zoneNamed } from "../../scheduler/zone.ts";
import type { BackfillInputs } from "../backfill-inputs.ts";
import type { Page } from "../backfill-page.ts";
import type { Surroundings } from "../toolkit.ts";
import { appendSummary } from "./append-summary.ts";
import { fittingRows } from "./long-table.ts";
import { code, wallText } from "./summary-cells.ts";

/** In bytes: room for the line about rows that are left out. */
const LONGEST_LAST_LINE = 100;

interface Summarized {
  readonly inputs: Pick<BackfillInputs, "from" | "to" | "jobInterval" | "timezone">;
  readonly page: Page;
}

/** Writes the summary of a step that lists intervals. No failure of it fails the step. */
export async function writeBackfillSummary(
  summarized: Summarized,
  surroundings: Pick<Surroundings, "toolkit" | "env">,
): Promise<void> {
  await appendSummary(() => backfillSummary(summarized), surroundings);
}

/** @returns the table in GitHub's Markdown, of at most 20,000 bytes. */
export function backfillSummary({ inputs: { from, to, jobInterval, timezone }, page }: Summarized): string {
  const { intervals, offset, total } = page;
  const zone = timezone === "UTC" ? null : zoneNamed(timezone);
  const schedule = `job-interval ${code(shownValue(jobInterval))}, timezone ${code(timezone)}`;
  const lines = [
    `${intervals.length} of ${total} ${total === 1 ? "interval" : "intervals"} between ${toIso(from)} and ${toIso(to)}: ${schedule}`,
  ];
  if (intervals.length > 0) {
    lines.push("", `| | start | end |${zone === null ? "" : ` start (${code(timezone)}) |`}`);
    lines.push(`| ---: | --- | --- |${zone === null ? "" : " --- |"}`);
  }
  const rows = intervals.map(({ start, end }, at) => {
    const wall = zone === null ? "" : ` ${wallText(start, zone)} |`;
    return `| ${offset + at + 1} | ${toIso(start)} | ${toIso(end)} |${wall}`;
  });
  const shown = fittingRows(lines, rows, LONGEST_LAST_LINE);
  lines.push(...shown);
  if (shown.length < rows.length) lines.push("", `The table leaves out ${rows.length - shown.length} rows.`);
  return `${lines.join("\n")}\n\n`;
}
