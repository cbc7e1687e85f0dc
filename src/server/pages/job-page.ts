import type { JobStatus } from "../../backend/job-backend.ts";
import { oneLine } from "../../backend/one-line.ts";
import { lateText } from "../../scheduler/late-text.ts";
import type { EndedRun, Lock } from "../../scheduler/state-document.ts";
import { badges, OVERDUE_RULE } from "./badges.ts";
import { type Html, html } from "./html.ts";
import { holderElement, nameElement, queryLink, webUrl } from "./links.ts";
import type { Page } from "./page-layout.ts";
import type { TimeFormatter } from "./time-formatter.ts";
import { endingName, endingShape, runsInWords } from "./timeline.ts";

/**
 * One job: its lock, and its last runs.
 *
 * @param mayName Whether the caller may see the name of another job.
 */
export function jobPage(status: JobStatus, times: TimeFormatter, mayName: (jobName: string) => boolean): Page {
  const { name, active, finishedUntil, history } = status.state;
  return {
    title: oneLine(name),
    asOf: { times, refresh: queryLink({ name }) },
    main: html`<div class="top"><h1>${nameElement(name)}</h1></div>
<div class="sheet card wide"><p class="condition">${badges(status, times)}</p>
<dl class="facts">
${active && lockFacts(active, times)}<dt>Finished until</dt><dd>${finishedUntil === null ? "no interval yet" : times.element(Date.parse(finishedUntil))}</dd>
${nextFacts(status, times, mayName)}</dl>
<p class="actions">${active === null ? html`<a class="button" href="${queryLink({ skip: name })}">Skip…</a>` : html`<a class="button" href="${queryLink({ release: name })}">Release…</a>`}</p></div>
<section class="sheet card wide" aria-labelledby="runs"><h2 id="runs">Last runs</h2>
<p>${runsInWords(history, active !== null)}.</p>
${history.length === 0 ? null : runTable(history, times)}</section>`,
    footer: html`<p>${OVERDUE_RULE} Times are in the time zone ${times.zone}.</p>`,
  };
}

function nextFacts({ next }: JobStatus, times: TimeFormatter, mayName: (jobName: string) => boolean): Html {
  const { dueAt, waitingFor } = next;
  const due = dueAt === null ? html`unknown` : times.element(dueAt);
  const late = lateText(next, times.now);
  const required =
    waitingFor?.map(({ jobName }, at) => {
      const name = mayName(jobName) ? nameElement(jobName) : "another job";
      return html`${at === 0 ? "" : ", "}${name}`;
    }) ?? [];
  return html`<dt>Next interval due</dt><dd>${due}${late === "" ? "" : `: ${late}`}</dd>
${required.length === 0 ? null : html`<dt>Waiting for</dt><dd>${required}</dd>\n`}`;
}

export function lockFacts(lock: Lock, times: TimeFormatter): Html {
  const since = Date.parse(lock.createdAt);
  return html`<dt>Held by</dt><dd>${holderElement(lock.holder)}</dd>
<dt>Since</dt><dd>${times.element(since)}, ${times.ago(since)}</dd>
<dt>For the interval</dt><dd>${times.intervalElement(lock)}</dd>
`;
}

function runTable(history: readonly EndedRun[], times: TimeFormatter): Html {
  return html`<table><thead><tr><th scope="col">Interval</th><th scope="col">Ending</th><th scope="col">Ended at</th></tr></thead>
<tbody>${history.map((run) => {
    const url = webUrl(run.runUrl);
    const interval = times.intervalElement(run);
    const linked = url === null ? interval : html`<a href="${url}" rel="noopener noreferrer">${interval}</a>`;
    return html`<tr><td>${linked}</td><td>${endingShape(run)} ${endingName(run)}</td><td>${times.element(Date.parse(run.endedAt))}</td></tr>
`;
  })}</tbody></table>`;
}
