import type { JobState } from "../../scheduler/state-document.ts";
import { overdueFrom } from "../jobs/job-summary.ts";
import { type Html, html } from "./html.ts";
import { formatLength, type TimeFormatter } from "./time-formatter.ts";

export const OVERDUE_RULE =
  "A job is overdue when the interval that is to be finished next ended more than a whole interval ago. How long its intervals are is told by its last runs: the longest counts.";

/** How a job stands, in a few words. */
export function badges(state: JobState, times: TimeFormatter): Html {
  const { now } = times;
  const overdueAt = overdueFrom(state);
  const isOverdue = overdueAt !== null && now > overdueAt;
  const overdue = isOverdue
    ? html`<span class="badge overdue">Overdue for ${formatLength(now - overdueAt)}</span>`
    : null;
  if (state.active === null) return html`${overdue ?? html`<span class="badge">Free</span>`}`;
  const since = Date.parse(state.active.createdAt);
  const length = times.element(since, formatLength(now - since));
  return html`${overdue} <span class="badge running">Running for ${length}${isOverdue ? ", stuck?" : ""}</span>`;
}
