import { oneLine } from "../../backend/one-line.ts";
import { CONDITIONS, type Condition } from "../../scheduler/job-condition.ts";
import { formatLength } from "../../scheduler/late-text.ts";
import { endingOf, type JobState, type Lock } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import { conditionOfStatus } from "../jobs/job-summary.ts";
import { type DamagedJob, isDamaged } from "../jobs/read-jobs.ts";
import type { Upcoming } from "../jobs/upcoming.ts";
import { conditionElement, dueElement } from "./condition.ts";
import { durationOf, endingName } from "./history.ts";
import { type Html, html } from "./html.ts";
import { holderElement, nameElement, overviewLink, queryLink } from "./links.ts";
import type { Counts, Selection, Sort } from "./overview.ts";
import type { PageContext } from "./page-context.ts";
import { scheduleElement } from "./schedule-text.ts";
import type { TimeFormatter } from "./time-formatter.ts";
import { timeline } from "./timeline.ts";

/** A job's status, and its next intervals. */
export type RowJob = DamagedJob | (JobStatus & { readonly upcoming: Upcoming });

export const CONDITION_NAMES: Readonly<Record<Condition, string>> = {
  damaged: "Damaged",
  failing: "Failing",
  overdue: "Overdue",
  running: "Running",
  waiting: "Waiting",
  free: "Free",
};

// The stylesheet lays the table out as a list on a narrow screen. Browsers then forget the roles of a table's elements, so
// each element names its role.

/** The table of the jobs. In the order of urgency it has a section for each condition. */
export function jobTable(
  jobs: readonly RowJob[],
  { selection, counts }: { readonly selection: Selection; readonly counts: Counts },
  context: PageContext,
): Html {
  const bodies = selection.sort === "urgency" ? sections(jobs, counts, context) : body(jobs, null, context);
  return html`<table class="jobs" role="table" aria-label="Jobs">
<thead role="rowgroup"><tr role="row">${columns(selection)}</tr></thead>
${bodies}</table>`;
}

function columns(selection: Selection): Html {
  const sortable = (sort: Sort, label: string) => {
    const isCurrent = selection.sort === sort;
    const direction = { urgency: "other", name: "ascending", due: "ascending", run: "descending" }[sort];
    return html`<th scope="col" role="columnheader"${isCurrent ? html` aria-sort="${direction}"` : null}><a href="${overviewLink({ ...selection, sort, page: 1 })}">${label}</a></th>`;
  };
  return html`${sortable("name", "Job")}${sortable("urgency", "State")}${sortable("due", "Next due")}${sortable("run", "Last run")}<th scope="col" role="columnheader">History</th>`;
}

function sections(jobs: readonly RowJob[], counts: Counts, context: PageContext): Html {
  return html`${CONDITIONS.map((condition) => {
    const alike = jobs.filter((job) => conditionOfStatus(job) === condition);
    if (alike.length === 0) return null;
    const heading = html`<tr class="section" role="row"><th colspan="5" scope="rowgroup" role="rowheader"><h2 id="${condition}">${CONDITION_NAMES[condition]} <span class="number">${counts[condition]}</span></h2></th></tr>\n`;
    return body(alike, heading, context);
  })}`;
}

function body(jobs: readonly RowJob[], heading: Html | null, context: PageContext): Html {
  return html`<tbody role="rowgroup">${heading}${jobs.map((job) => (isDamaged(job) ? damagedRow(job) : row(job, context)))}</tbody>\n`;
}

function damagedRow({ name }: DamagedJob): Html {
  return html`<tr class="job" role="row"><th scope="row" role="rowheader">${nameLink(name)}</th><td class="state" role="cell"><span class="badge damaged">Damaged</span></td><td class="note" colspan="3" role="cell">The state document is damaged: the job cannot start</td></tr>
`;
}

function row(job: JobStatus & { readonly upcoming: Upcoming }, context: PageContext): Html {
  const { state, upcoming } = job;
  const { times } = context;
  return html`<tr class="job" role="row"><th scope="row" role="rowheader">${nameLink(state.name)}<p class="schedule">${scheduleElement(state.schedule, upcoming, times.zone)}</p>${state.active && lockLine(state.name, state.active)}</th>
<td class="state ${conditionOfStatus(job)}" role="cell">${conditionElement(job, context)}</td>
<td class="due" role="cell">${dueElement(job, upcoming, times)}</td>
<td class="last" role="cell">${lastRun(state, times)}</td>
<td class="runs" role="cell">${timeline(state, times)}</td></tr>
`;
}

/** A longer name may have more than two lines, and then the stylesheet cuts it off. */
const LONG_NAME = 48;

function nameLink(name: string): Html {
  const title = name.length > LONG_NAME ? html` title="${oneLine(name)}"` : null;
  return html`<a class="name" href="${queryLink({ name })}"${title}>${nameElement(name)}</a>`;
}

function lockLine(name: string, { holder }: Lock): Html {
  return html`<p class="lock"><span class="holder">${holderElement(holder)}</span> <a class="release" href="${queryLink({ release: name })}">Release…<span class="hidden"> ${oneLine(name)}</span></a></p>`;
}

/** A success is the ordinary ending, so its word is for screen readers only. */
function lastRun({ history: [run] }: JobState, times: TimeFormatter): Html {
  if (run === undefined) return html`<span class="faint">none yet</span>`;
  const ending = endingOf(run) ?? "other";
  const ago = times.relativeElement(Date.parse(run.endedAt));
  const name = html`<span class="${ending === "finished" ? "hidden" : `ending ${ending}`}">${oneLine(endingName(run))}</span>`;
  const duration = durationOf(run);
  const took = duration === null ? null : html` <span class="faint took">took ${formatLength(duration)}</span>`;
  return html`${name} ${ago}${ending === "finished" ? took : null}`;
}
