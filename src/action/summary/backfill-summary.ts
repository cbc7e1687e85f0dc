import { appendFileSync } from "node:fs";
import { shownValue } from "../../errors/shown-value.ts";
import { toIso } from "../../scheduler/instant.ts";
import { zoneNamed } from "../../scheduler/zone.ts";
import type { BackfillInputs } from "../backfill-inputs.ts";
import type { Page } from "../backfill-page.ts";
import { messageOf } from "../error-message.ts";
import type { Surroundings } from "../toolkit.ts";
import { code, LONGEST_SUMMARY, wallText } from "./summary-cells.ts";

/** In bytes: room for the line about rows that are left out. */
const LONGEST_LAST_LINE = 100;

interface Summarized {
  readonly inputs: Pick<BackfillInputs, "from" | "to" | "jobInterval" | "timezone">;
  readonly page: Page;
}

/** Writes the summary of a step that lists intervals. No failure of it fails the step. */
export async function writeBackfillSummary(
  summarized: Summarized,
  { toolkit, env }: Pick<Surroundings, "toolkit" | "env">,
): Promise<void> {
  if (!env.GITHUB_STEP_SUMMARY) return;
  try {
    appendFileSync(env.GITHUB_STEP_SUMMARY, backfillSummary(summarized));
  } catch (error) {
    toolkit.debug(`The summary was not written: ${await messageOf(error)}`);
  }
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
  let length = lines.reduce((sum, line) => sum + sizeOf(line), LONGEST_LAST_LINE);
  let shown = 0;
  for (const { start, end } of intervals) {
    const wall = zone === null ? "" : ` ${wallText(start, zone)} |`;
    const row = `| ${offset + shown + 1} | ${toIso(start)} | ${toIso(end)} |${wall}`;
    length += sizeOf(row);
    if (length > LONGEST_SUMMARY) break;
    lines.push(row);
    shown++;
  }
  if (shown < intervals.length) lines.push("", `The table leaves out ${intervals.length - shown} rows.`);
  return `${lines.join("\n")}\n\n`;
}

/** @returns bytes, with the line break. */
function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
