import { oneLine } from "../../backend/one-line.ts";
import { formatLength } from "../../scheduler/late-text.ts";
import { type EndedRun, endingOf, holderOf, type SkippedSpan } from "../../scheduler/state-document.ts";
import { durationOf, endingName, type HistoryEntry, intervalOf } from "./history.ts";
import { type Html, html } from "./html.ts";
import { holderElement } from "./links.ts";
import type { TimeFormatter } from "./time-formatter.ts";

const COLUMNS = ["Interval", "Ending", "Started", "Took", "Attempt", "Run"] as const;

/** The whole recorded history of a job, the newest entry first. */
export function runTable(entries: readonly HistoryEntry[], times: TimeFormatter): Html {
  // Each element names its role, as in the table of the jobs.
  return html`<table class="history" role="table" aria-labelledby="runs"><thead role="rowgroup"><tr role="row">${COLUMNS.map(
    (column) => html`<th scope="col" role="columnheader">${column}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${entries.toReversed().map((entry) => {
    const interval = html`<th scope="row" role="rowheader">${times.intervalElement(intervalOf(entry))}</th>`;
    const cells = entry.kind === "run" ? runCells(entry.run, times) : skippedCells(entry.span, times);
    return html`<tr role="row">${interval}${cells}</tr>\n`;
  })}</tbody></table>`;
}

function runCells(run: EndedRun, times: TimeFormatter): Html {
  const ending = endingOf(run) ?? "other";
  const endedAt = times.relativeElement(Date.parse(run.endedAt));
  const duration = durationOf(run);
  const { attempt, ...holder } = holderOf(run) ?? {};
  return html`${cell("ending", html`<span class="mark ${ending}" aria-hidden="true"></span><span class="ending ${ending}">${oneLine(endingName(run))}</span>&#32;${endedAt}`)}
${cell("started", run.createdAt === undefined ? UNKNOWN : times.element(Date.parse(run.createdAt)))}
${cell("took", duration === null ? UNKNOWN : html`${formatLength(duration)}`)}
${cell("attempt", attempt === undefined ? UNKNOWN : html`${oneLine(attempt)}`)}
${cell("run", Object.keys(holder).length === 0 ? UNKNOWN : holderElement(holder))}`;
}

function skippedCells({ recordedAt }: SkippedSpan, times: TimeFormatter): Html {
  return html`<td class="ending" colspan="5" role="cell"><span class="mark skipped" aria-hidden="true"></span>skipped&#32;${times.relativeElement(Date.parse(recordedAt))}</td>`;
}

const UNKNOWN = html`<span class="faint">not known</span>`;

function cell(name: string, content: Html): Html {
  return html`<td class="${name}" role="cell">${content}</td>`;
}
