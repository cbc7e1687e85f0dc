import { oneLine } from "../../backend/one-line.ts";
import { formatLength } from "../../scheduler/late-text.ts";
import type { JobState, Lock, RecordedSchedule } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import type { Upcoming } from "../jobs/upcoming.ts";
import { conditionElement, dueElement, jobLink, STATE_RULES, waitingElement } from "./condition.ts";
import { historyOf, successRate, typicalDuration } from "./history.ts";
import { type Html, html } from "./html.ts";
import { holderElement, nameElement, queryLink } from "./links.ts";
import type { PageContext } from "./page-context.ts";
import type { Page } from "./page-layout.ts";
import { runTable } from "./run-table.ts";
import { lengthText, scheduleElement } from "./schedule-text.ts";
import type { TimeFormatter } from "./time-formatter.ts";
import { legend, wholeTimeline } from "./timeline.ts";

/** One job: its condition, its lock, its schedule, and all of its recorded history. */
export function jobPage(status: JobStatus, upcoming: Upcoming, context: PageContext): Page {
  const { times } = context;
  const { name, active } = status.state;
  return {
    title: oneLine(name),
    asOf: { times, refresh: queryLink({ name }), isLive: true },
    main: html`<p class="back"><a href="?">All jobs</a></p><h1>${nameElement(name)}</h1>
<div class="sheet card wide"><p class="condition">${conditionElement(status, context)}</p>
<dl class="facts across">
${active && lockFacts(active, times)}${comingFacts(status, upcoming, context)}${scheduleFacts(status.state.schedule, upcoming, context)}</dl>
<p class="actions">${active === null ? html`<a class="button" href="${queryLink({ skip: name })}">Skip…</a>` : html`<a class="button" href="${queryLink({ release: name })}">Release…</a>`}</p></div>
${runs(status.state, times)}`,
    footer: legend(`${STATE_RULES} Times are in the time zone ${times.zone}.`),
  };
}

function comingFacts(status: JobStatus, upcoming: Upcoming, context: PageContext): Html {
  const { times } = context;
  const { next, state } = status;
  const { from, until } = upcoming;
  const isHeld = state.active !== null;
  const interval =
    from === null || until === null || isHeld ? null : fact("Next interval", times.spanElement({ from, until }));
  const due = fact(
    isHeld && next.overdue === false ? "Next due after this run" : "Next due",
    dueElement(status, upcoming, times),
  );
  const waiting = next.waitingFor?.length ? fact("Waiting for", waitingElement(status, context)) : null;
  const { finishedUntil } = state;
  const progress = finishedUntil === null ? html`no interval yet` : times.element(Date.parse(finishedUntil));
  return html`${interval}${due}${waiting}${fact("Finished until", progress)}`;
}

function scheduleFacts(schedule: RecordedSchedule | undefined, upcoming: Upcoming, context: PageContext): Html {
  const recorded = fact("Schedule", scheduleElement(schedule, upcoming, context.times.zone));
  if (schedule === undefined) return recorded;
  const { startBuffer, requiredJobNames } = schedule;
  const buffer = lengthText(startBuffer);
  const required = requiredJobNames.map((name, at) => html`${at === 0 ? "" : ", "}${jobLink(name, context)}`);
  return html`${recorded}${buffer === "" ? null : fact("Start buffer", html`${buffer}`)}${required.length === 0 ? null : fact("Requires", html`${required}`)}`;
}

function runs(state: JobState, times: TimeFormatter): Html {
  const entries = historyOf(state);
  const typical = typicalDuration(state.history);
  const words = [
    successRate(state.history) ?? "No run has ended yet",
    ...(typical === null ? [] : [`a finished run takes ${formatLength(typical)} (median)`]),
  ];
  return html`<section class="sheet card wide" aria-labelledby="runs"><h2 id="runs">Last runs</h2>
<p>${words.join("; ")}.</p>
${entries.length === 0 && state.active === null ? null : wholeTimeline(state, times)}
${entries.length === 0 ? null : runTable(entries, times)}</section>`;
}

export function lockFacts(lock: Lock, times: TimeFormatter): Html {
  const since = Date.parse(lock.createdAt);
  return html`${fact("Held by", holderElement(lock.holder))}${fact("Since", html`${times.element(since)}, ${times.ago(since)}`)}${fact("For the interval", times.intervalElement(lock))}`;
}

function fact(name: string, value: Html): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`;
}
