import type { JobStatus } from "../../backend/job-backend.ts";
import { oneLine } from "../../backend/one-line.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { conditionOfStatus, type JobCondition } from "../jobs/job-summary.ts";
import { type DamagedJob, isDamaged, type ListedStatus } from "../jobs/read-jobs.ts";
import { badges, OVERDUE_RULE } from "./badges.ts";
import { type Html, html } from "./html.ts";
import { holderElement, nameElement, queryLink } from "./links.ts";
import type { Overview } from "./overview.ts";
import type { Page } from "./page-layout.ts";
import type { TimeFormatter } from "./time-formatter.ts";
import { legend, timeline } from "./timeline.ts";

const HEADINGS: Readonly<Record<JobCondition, string>> = {
  damaged: "Damaged",
  failing: "Failing",
  overdue: "Overdue",
  running: "Running",
  free: "Free",
};

interface OverviewContent {
  readonly overview: Overview;
  /** The jobs that `overview` names. */
  readonly jobs: readonly ListedStatus[];
  /** Shown above the jobs. */
  readonly note: Html | null;
  readonly times: TimeFormatter;
}

/** All jobs, first the jobs that may need attention. */
export function overviewPage({ overview, jobs, note, times }: OverviewContent): Page {
  const { counts, running, search, page } = overview;
  const total = Object.values(counts).reduce((sum, number) => sum + number, 0);
  return {
    title: titleOf(overview),
    asOf: { times, refresh: queryLink({ search, page: page === 1 ? "" : page }) },
    main: html`${note}<div class="top"><div>
<h1>Jobs</h1>
<dl class="counts">${counts.damaged > 0 ? count("damaged", counts.damaged) : null}${count("failing", counts.failing)}${count("overdue", counts.overdue)}${count("running", running)}${count("in total", total)}</dl>
</div>
<search><form class="search" method="get" action="?"><div class="field"><label for="search">Part of a name</label><input id="search" name="search" type="search" value="${search}" maxlength="255" autocomplete="off" spellcheck="false"></div>
<button class="find" type="submit">Search</button></form></search></div>
${search === "" ? null : searchResult(overview)}${total === 0 ? EMPTY : sections(jobs, times)}${pageLinks(overview)}`,
    footer: html`${legend()}<p>${OVERDUE_RULE} Times are in the time zone ${times.zone}.</p>`,
  };
}

const EMPTY = html`<p class="sheet empty"><strong>No job has started yet</strong> A job appears here after its first start.</p>`;

function titleOf({ counts, running }: Overview): string {
  const parts = [
    counts.damaged > 0 && `${counts.damaged} damaged`,
    counts.failing > 0 && `${counts.failing} failing`,
    counts.overdue > 0 && `${counts.overdue} overdue`,
    running > 0 && `${running} running`,
  ].filter(Boolean);
  return parts.length === 0 ? "Jobs" : parts.join(", ");
}

function count(name: string, number: number): Html {
  return html`<div class="${number === 0 ? "none" : name}"><dt>${name}</dt><dd>${number}</dd></div>`;
}

function searchResult({ found, search }: Overview): Html {
  return html`<p role="status">${found === 1 ? "1 job has" : `${found} jobs have`} “<bdi>${oneLine(search)}</bdi>” in the name. <a href="?">Show all</a></p>`;
}

function sections(all: readonly ListedStatus[], times: TimeFormatter): Html {
  return html`${(Object.keys(HEADINGS) as JobCondition[]).map((condition) => {
    const jobs = all.filter((job) => conditionOfStatus(job) === condition);
    if (jobs.length === 0) return null;
    return html`<section aria-labelledby="${condition}"><h2 id="${condition}">${HEADINGS[condition]}</h2>
<ul class="sheet" role="list">${jobs.map((job) => row(job, times))}</ul></section>
`;
  })}`;
}

function row(job: ListedStatus, times: TimeFormatter): Html {
  return isDamaged(job) ? damagedRow(job) : statusRow(job, times);
}

function damagedRow({ name }: DamagedJob): Html {
  return html`<li class="job"><div class="title"><h3><a href="${queryLink({ name })}">${nameElement(name)}</a></h3><p class="about">The state document is damaged. The job cannot start until it is repaired</p></div>
<p class="condition"><span class="badge overdue">Damaged</span></p></li>
`;
}

function statusRow(status: JobStatus, times: TimeFormatter): Html {
  const { state } = status;
  const { name, active } = state;
  return html`<li class="job"><div class="title"><h3><a href="${queryLink({ name })}">${nameElement(name)}</a></h3><p class="about">${about(state, times)}</p></div>
<p class="condition">${badges(status, times)}</p>
<div class="runs">${timeline(state, times)}</div>
<p class="act">${active && html`<a class="button small" href="${queryLink({ release: name })}">Release…<span class="hidden"> ${oneLine(name)}</span></a>`}</p></li>
`;
}

function about({ active, finishedUntil }: JobState, times: TimeFormatter): Html {
  if (active !== null) {
    const interval = times.intervalElement(active);
    return html`Held by ${holderElement(active.holder)} since ${times.element(Date.parse(active.createdAt))}, for ${interval}`;
  }
  return finishedUntil === null
    ? html`No interval finished yet`
    : html`Finished until ${times.element(Date.parse(finishedUntil))}`;
}

function pageLinks({ page, pages, search }: Overview): Html | null {
  if (pages === 1) return null;
  const linkTo = (other: number) => queryLink({ search, page: other === 1 ? "" : other });
  const previous = page > 1 && html`<a class="button" rel="prev" href="${linkTo(page - 1)}">Previous</a>`;
  const next = page < pages && html`<a class="button" rel="next" href="${linkTo(page + 1)}">Next</a>`;
  return html`<nav class="pages" aria-label="Pages">${previous || null}<span>Page ${page} of ${pages}</span>${next || null}</nav>`;
}
