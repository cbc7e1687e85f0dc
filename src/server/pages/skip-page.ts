import { oneLine } from "../../backend/one-line.ts";
import type { DueSpan } from "../../scheduler/due-span.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import { type Html, html } from "./html.ts";
import { nameElement, queryLink } from "./links.ts";
import type { Page } from "./page-layout.ts";
import type { TimeFormatter } from "./time-formatter.ts";

/** Asks for confirmation. Each form names the instant up to which the page shows that intervals will not be run. */
export function skipPage({ state }: JobStatus, dueSpan: DueSpan | null, times: TimeFormatter): Page {
  const { name, active } = state;
  const asOf = { times, refresh: queryLink({ skip: name }) };
  if (active !== null || dueSpan === null) {
    const why = active === null ? "has no interval that is due" : "has an active lock: release it first";
    return {
      title: "Nothing to skip",
      asOf,
      main: html`<div class="sheet card"><h1>Nothing to skip</h1>
<p>${nameElement(name)} ${why}.</p>
<p class="actions"><a class="button" href="${queryLink({ name })}">Back to the job</a></p></div>`,
    };
  }
  const { from, firstUntil, lastUntil, count, mayHaveMore } = dueSpan;
  const which = mayHaveMore ? `the first ${count} intervals` : intervals(count);
  const form = (until: Instant, label: string) =>
    html`<form class="actions" method="post" action="${queryLink({ skip: name, until: toIso(until) })}"><button class="danger" type="submit">${label}</button></form>`;
  return {
    title: `Skip intervals of ${oneLine(name)}?`,
    asOf,
    main: html`<div class="sheet card">
<h1>Skip intervals of ${nameElement(name)}?</h1>
<dl class="facts">
<dt>Next interval</dt><dd>${times.spanElement({ from, until: firstUntil })}</dd>
${count === 1 ? null : html`<dt>${mayHaveMore ? "The first that are due" : "All that are due"}</dt><dd>${times.spanElement({ from, until: lastUntil })}: ${which}</dd>\n`}</dl>
<div><h2>What this does</h2>
<ul class="steps">
<li>The intervals count as done, although no run did them. They are never granted again.</li>
<li>The next start gets the interval after them. Jobs that require this job may start too.</li>
</ul></div>
${form(firstUntil, "Skip the next interval")}
${count === 1 ? null : form(lastUntil, `Skip ${which}`)}
<p class="actions"><a class="button" href="${queryLink({ name })}">Skip none</a></p>
</div>`,
  };
}

/** The note above the overview after a skip. The state decides whether it is shown: a link can be forged. */
export function skipNote({ name, skipped = [], finishedUntil }: JobState, until: string, times: TimeFormatter): Html {
  const done = skipped.find(({ skippedEndedAt }) => skippedEndedAt === until);
  if (done === undefined) {
    const progress = finishedUntil === null ? "no interval has finished" : `it has finished until ${finishedUntil}`;
    return html`<p class="sheet note failed" role="status">Nothing was skipped: ${nameElement(name)} has changed since, and ${progress}.</p>`;
  }
  const span = { from: Date.parse(done.skippedStartedAt), until: Date.parse(done.skippedEndedAt) };
  return html`<p class="sheet note" role="status">Skipped ${nameElement(name)}: ${times.spanElement(span)} will not be run.</p>`;
}

/** `1 interval`, `3 intervals`. */
function intervals(count: number): string {
  return count === 1 ? "1 interval" : `${count} intervals`;
}
