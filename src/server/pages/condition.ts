import { conditionOfJob } from "../../scheduler/job-condition.ts";
import { formatLength, lateParts } from "../../scheduler/late-text.ts";
import type { Lock } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import type { Upcoming } from "../jobs/upcoming.ts";
import { type Html, html } from "./html.ts";
import { nameElement, queryLink } from "./links.ts";
import type { PageContext } from "./page-context.ts";
import type { TimeFormatter } from "./time-formatter.ts";

export const STATE_RULES = [
  "A job is failing when its last run was interrupted or taken over.",
  "It is overdue when a whole further interval is due beside the next one.",
  "It is waiting when its next interval is due, and a required job has not got to the interval's end.",
  "“Stuck?” marks a run of an overdue job that has had its lock for longer than its interval is long.",
].join(" ");

/** The job's condition, and all others that hold. Only a condition that needs attention is a badge. */
export function conditionElement(status: JobStatus, context: PageContext): Html {
  const { state, next } = status;
  const parts = [
    next.failing ? html`<span class="badge failing">Failing</span>` : null,
    next.overdue ? html`<span class="badge overdue">Overdue</span>` : null,
    state.active && runningElement(state.active, next.overdue === true, context.times),
    next.waitingFor !== null && next.waitingFor.length > 0
      ? html`<span class="waiting">Waiting for ${waitingLinks(status, context)}</span>`
      : null,
    conditionOfJob(status) === "free" ? html`<span class="free">Free</span>` : null,
  ];
  return html`${parts.filter((part) => part !== null).map((part, at) => html`${at === 0 ? "" : " "}${part}`)}`;
}

function runningElement(lock: Lock, isOverdue: boolean, times: TimeFormatter): Html {
  const since = Date.parse(lock.createdAt);
  const running = html`<span class="running">Running for ${times.element(since, formatLength(times.now - since))}</span>`;
  const isStuck = isOverdue && times.now - since >= intervalLength(lock);
  return isStuck ? html`${running} <span class="badge overdue">Stuck?</span>` : running;
}

function intervalLength({ intervalStartedAt, intervalEndedAt }: Lock): number {
  return Date.parse(intervalEndedAt) - Date.parse(intervalStartedAt);
}

/** A job may require a thousand others, and a row has no room for them. The job's page names them all. */
const MOST_NAMES = 3;

function waitingLinks({ next }: JobStatus, context: PageContext): Html {
  const jobs = next.waitingFor ?? [];
  const links = jobs.slice(0, MOST_NAMES).map(({ jobName }, at) => {
    return html`${at === 0 ? "" : ", "}${jobLink(jobName, context)}`;
  });
  const rest = jobs.length - links.length;
  return html`${links}${rest === 0 ? "" : ` and ${rest} more`}`;
}

/** The required jobs that hold the next interval back, with their progress where the reader may see their names. */
export function waitingElement({ next }: JobStatus, context: PageContext): Html {
  const jobs = next.waitingFor?.map(({ jobName, finishedUntil, mutual }, at) => {
    const progress =
      finishedUntil === null
        ? "has no recorded progress"
        : html`has finished until ${context.times.element(finishedUntil)}`;
    const requires = mutual ? ", and requires this job too: neither can start" : "";
    const known = context.mayName(jobName) ? html`, which ${progress}${requires}` : null;
    return html`${at === 0 ? "" : "; "}${jobLink(jobName, context)}${known}`;
  });
  return html`${jobs ?? null}`;
}

/** The name of a job, and the link to its page, as far as the reader may see them. */
export function jobLink(jobName: string, { mayName, mayUse }: PageContext): Html {
  if (!mayName(jobName)) return html`another job`;
  return mayUse(jobName)
    ? html`<a href="${queryLink({ name: jobName })}">${nameElement(jobName)}</a>`
    : nameElement(jobName);
}

/**
 * When the next interval is due, or how late it is. While a run has the next interval and no further one is due, the interval
 * after it is the next one.
 */
export function dueElement({ state, next }: JobStatus, { dueAfterLock }: Upcoming, times: TimeFormatter): Html {
  const dueAt = state.active !== null && next.overdue === false ? dueAfterLock : next.dueAt;
  if (dueAt === null) return html`<span class="faint">not known</span>`;
  if (dueAt > times.now) return times.relativeElement(dueAt);
  const [late, ...behind] = lateParts({ ...next, dueAt }, times.now);
  if (late === undefined) return times.element(dueAt, "due now");
  const lateness = html`${times.element(dueAt, late)}${behind.map((part) => html`, <span class="behind">${part}</span>`)}`;
  return next.overdue ? html`<strong class="late">${lateness}</strong>` : lateness;
}
