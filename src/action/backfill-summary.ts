import { appendFileSync } from "node:fs";
import { oneLine } from "../backend/one-line.ts";
import { shownValue } from "../errors/shown-value.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { type Zone, zoneNamed } from "../scheduler/zone.ts";
import type { BackfillInputs } from "./backfill-inputs.ts";
import type { Page } from "./backfill-page.ts";
import type { Toolkit } from "./toolkit.ts";

/** In bytes. GitHub shows a summary of up to 1 MiB a step, and of 20 steps a job. */
const LONGEST_SUMMARY = 20_000;
/** In bytes: room for the line about rows that are left out. */
const LONGEST_LAST_LINE = 100;

interface Summarized {
  readonly inputs: Pick<BackfillInputs, "from" | "to" | "jobInterval" | "timezone">;
  readonly page: Page;
}

/** @param file The file that the runner shows as the step's summary. Some runners have none. */
export function writeSummary(
  file: string | undefined,
  { toolkit, ...summarized }: Summarized & { readonly toolkit: Toolkit },
): void {
  if (!file) return;
  try {
    // Another step of a composite action may have written to the same file, without a line break at its end.
    appendFileSync(file, `\n${summaryOf(summarized)}`);
  } catch (error) {
    // The outputs are set, and the jobs of the matrix need only these.
    toolkit.warning(oneLine(`The step summary cannot be written: ${(error as Error).message}`));
  }
}

/** @returns Markdown in ASCII, of at most 20 KB. */
export function summaryOf({ inputs: { from, to, jobInterval, timezone }, page }: Summarized): string {
  const { intervals, offset, total } = page;
  const zone = timezone === "UTC" ? null : zoneNamed(timezone);
  const schedule = `job-interval ${code(shownValue(jobInterval))}, timezone ${code(timezone)}`;
  const lines = [
    "### Backfill",
    "",
    `${intervals.length} of ${total} ${total === 1 ? "interval" : "intervals"} between ${toIso(from)} and ${toIso(to)}: ${schedule}`,
  ];
  if (intervals.length > 0) {
    lines.push("", `| | start | end |${zone === null ? "" : " start on the wall clock |"}`);
    lines.push(`| ---: | --- | --- |${zone === null ? "" : " --- |"}`);
  }
  let length = lines.reduce((sum, line) => sum + line.length + 1, LONGEST_LAST_LINE);
  let shown = 0;
  for (const { start, end } of intervals) {
    const row = `| ${offset + shown + 1} | ${toIso(start)} | ${toIso(end)} |${zone === null ? "" : ` ${wallClock(start, zone)} |`}`;
    length += row.length + 1;
    if (length > LONGEST_SUMMARY) break;
    lines.push(row);
    shown++;
  }
  if (shown < intervals.length) lines.push("", `The table leaves out ${intervals.length - shown} rows.`);
  return `${lines.join("\n")}\n`;
}

function wallClock(instant: Instant, zone: Zone): string {
  return toIso(instant + zone.offsetAt(instant))
    .replace("T", " ")
    .replace("Z", "");
}

/** Markdown gives no meaning to a character that is written as a reference. */
function code(text: string): string {
  const escaped = oneLine(text).replace(/[^A-Za-z0-9 ]/gu, (character) => `&#${character.codePointAt(0)};`);
  return `<code>${escaped}</code>`;
}
