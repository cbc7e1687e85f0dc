import type { LockLoss } from "../../backend/job-backend.ts";
import { oneLine } from "../../backend/one-line.ts";
import { lossOf } from "../../scheduler/lock-loss.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";
import { lockFacts } from "./job-page.ts";
import { holderElement, nameElement, queryLink } from "./links.ts";
import type { Page } from "./page-layout.ts";
import type { TimeFormatter } from "./time-formatter.ts";

/** Asks before a lock is released, and says what that will do. Its form names this lock, and no other. */
export function releasePage({ name, active, finishedUntil }: JobState, times: TimeFormatter): Page {
  const asOf = { times, refresh: queryLink({ release: name }) };
  if (active === null) {
    return {
      title: "Nothing to release",
      asOf,
      main: html`<div class="sheet card"><h1>Nothing to release</h1>
<p>${nameElement(name)} is held by nobody now.</p>
<p class="actions"><a class="button" href="?">All jobs</a></p></div>`,
    };
  }
  return {
    title: `Release ${oneLine(name)}?`,
    asOf,
    main: html`<div class="sheet card">
<h1>Release ${nameElement(name)}?</h1>
<dl class="facts">
${lockFacts(active, times)}</dl>
<div><h2>What this does</h2>
<ul class="steps">
<li>${finishedUntil === null ? html`Nothing of this job has finished yet: the next start gets its first interval, up to then.` : html`The interval ${times.intervalElement(active)} is granted again, to the next start of this job.`}</li>
<li>The run that holds the lock isn’t stopped. If it is still alive, its work may be done twice; when it ends, it finds its lock gone and fails.</li>
</ul></div>
<form class="actions" method="post" action="${queryLink({ release: name, lock: active.id })}"><button class="danger" type="submit">Release the lock</button> <a class="button" href="?">Keep it</a></form>
</div>`,
  };
}

/** What came of a release: told above the list that it leads to. */
export function releaseNote(
  state: JobState,
  { lock, released }: { readonly lock: string; readonly released: boolean },
  times: TimeFormatter,
): Html | null {
  if (state.active?.id === lock) return null;
  const name = nameElement(state.name);
  const run = state.history.find(({ id }) => id === lock);
  if (released && run?.outcome === "interrupted") {
    const next =
      state.finishedUntil === null
        ? html`the next start gets its first interval, up to then`
        : html`the interval ${times.intervalElement(run)} is granted again, to the next start`;
    return html`<p class="sheet note" role="status">Released ${name}: ${next}.</p>`;
  }
  return html`<p class="sheet note failed" role="status">Nothing was released: that lock of ${name} isn’t active any more. ${whatBecame(lossOf(lock, state), times)}</p>`;
}

function whatBecame(loss: LockLoss, times: TimeFormatter): Html {
  switch (loss.ending) {
    case "finished":
      return html`Its run had finished at ${times.element(loss.at)}.`;
    case "interrupted":
      return html`It had been released, or its run had failed, at ${times.element(loss.at)}.`;
    case "taken-over":
      return html`It had been taken over at ${times.element(loss.at)} by ${holderElement(loss.holder)}.`;
    case "unknown":
      return html`The job’s last runs don’t tell what became of it.`;
  }
}
