import { shownValue } from "../../errors/shown-value.ts";
import { toIso } from "../../scheduler/instant.ts";
import { zoneNamed } from "../../scheduler/zone.ts";
import type { BackfillInputs } from "../backfill-inputs.ts";
import type { Page } from "../backfill-page.ts";
import { tableLines } from "./long-table.ts";
import { code, wallText } from "./summary-cells.ts";

/** In bytes: room for the line about rows that are left out. */
const LONGEST_LAST_LINE = 100;

interface Summarized {
  readonly inputs: Pick<BackfillInputs, "from" | "to" | "jobInterval" | "timezone">;
  readonly page: Page;
}

/** @returns the table in GitHub's Markdown, of at most 20,000 bytes. */
export function backfillSummary({ inputs: { from, to, jobInterval, timezone }, page }: Summarized): string {
  const { intervals, offset, total } = page;
  const zone = timezone === "UTC" ? null : zoneNamed(timezone);
  const schedule = `job-interval ${code(shownValue(jobInterval))}, timezone ${code(timezone)}`;
  const head = [
    `${intervals.length} of ${total} ${total === 1 ? "interval" : "intervals"} between ${toIso(from)} and ${toIso(to)}: ${schedule}`,
  ];
  if (intervals.length > 0) {
    head.push("", `| | start | end |${zone === null ? "" : ` start (${code(timezone)}) |`}`);
    head.push(`| ---: | --- | --- |${zone === null ? "" : " --- |"}`);
  }
  const rows = intervals.map(({ start, end }, at) => {
    const wall = zone === null ? "" : ` ${wallText(start, zone)} |`;
    return `| ${offset + at + 1} | ${toIso(start)} | ${toIso(end)} |${wall}`;
  });
  return `${tableLines({ head, rows, rest: LONGEST_LAST_LINE, noun: "rows" }).join("\n")}\n\n`;
}
