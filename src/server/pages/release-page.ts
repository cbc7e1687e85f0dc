import { oneLine } from "../../backend/one-line.ts";
import { type LockLoss, lossOf } from "../../scheduler/lock-loss.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";
import { lockFacts } from "./job-page.ts";
import { holderElement, nameElement, queryLink } from "./links.ts";
import type { Page } from "./page-layout.ts";
import type { TimeFormatter } from "./time-formatter.ts";

/** Asks for confirmation. The form names the lock that the page shows, so that it can release no later one. */
export function releasePage({ name, active }: JobState, times: TimeFormatter): Page {
  const asOf = { times, refresh: queryLink({ release: name }) };
  if (active === null) {
    return {
      title: "Nothing to release",
      asOf,
      main: html`<div class="sheet card"><h1>Nothing to release</h1>
<p>${nameElement(name)} has no active lock.</p>
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
<li>The interval ${times.intervalElement(active)} is granted again, to the next start of this job.</li>
<li>The run that holds the lock is not stopped. If it is still alive, its work may be done twice. When it ends, it finds its lock gone and fails.</li>
</ul></div>
<form class="actions" method="post" action="${queryLink({ release: name, lock: active.id })}"><button class="danger" type="submit">Release the lock</button> <a class="button" href="?">Keep it</a></form>
</div>`,
  };
}

/**
 * The note above the overview after a release.
 *
 * @param released Whether the link says that the lock was released. The state decides: a link can be forged.
 */
export function releaseNote(
  state: JobState,
  { lock, released }: { readonly lock: string; readonly released: boolean },
  times: TimeFormatter,
): Html | null {
  if (state.active?.id === lock) return null;
  const name = nameElement(state.name);
  const run = state.history.find(({ id }) => id === lock);
  if (released && run?.outcome === "interrupted") {
    return html`<p class="sheet note" role="status">Released ${name}: the interval ${times.intervalElement(run)} is granted again, to the next start.</p>`;
  }
  return html`<p class="sheet note failed" role="status">Nothing was released: that lock of ${name} is no longer active. ${endingSentence(lossOf(lock, state), times)}</p>`;
}

function endingSentence(loss: LockLoss, times: TimeFormatter): Html {
  switch (loss.ending) {
    case "finished":
      return html`Its run finished at ${times.element(loss.at)}.`;
    case "interrupted":
      return html`It was released, or its run was interrupted, at ${times.element(loss.at)}.`;
    case "taken-over":
      return html`It was taken over at ${times.element(loss.at)} by ${holderElement(loss.holder)}.`;
    case "unknown":
      return html`How it ended is unknown: it is not among the job’s last runs.`;
  }
}
