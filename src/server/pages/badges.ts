import type { JobState } from "../../scheduler/state-document.ts";
import { overdueFrom } from "../jobs/job-summary.ts";
import { type Html, html } from "./html.ts";
import { formatLength, type TimeFormatter } from "./time-formatter.ts";

export const OVERDUE_RULE =
  "A job is overdue when its next interval ended more than one interval length ago. The length is that of the longest interval among its last runs.";

/** The job's condition: free, running, overdue, or overdue and running. */
export function badges(state: JobState, times: TimeFormatter): Html {
  const { now } = times;
  const overdueAt = overdueFrom(state);
  const isOverdue = overdueAt !== null && now > overdueAt;
  const overdue = isOverdue
    ? html`<span class="badge overdue">Overdue for ${formatLength(now - overdueAt)}</span>`
    : null;
  if (state.active === null) return overdue ?? html`<span class="badge">Free</span>`;
  const since = Date.parse(state.active.createdAt);
  const length = times.element(since, formatLength(now - since));
  return html`${overdue} <span class="badge running">Running for ${length}${isOverdue ? ", stuck?" : ""}</span>`;
}
