import type { JobStatus } from "../../backend/job-backend.ts";
import { MAX_BEHIND } from "../../scheduler/decide.ts";
import { formatLength, lateText } from "../../scheduler/late-text.ts";
import type { Lock } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";
import type { TimeFormatter } from "./time-formatter.ts";

export const OVERDUE_RULE =
  "A job is failing when its last run was interrupted or taken over. It is overdue when a whole further interval is due beside the next one.";

/** The job's condition: free, running, overdue, failing, or several of them. */
export function badges({ state, next }: JobStatus, times: TimeFormatter): Html {
  const failing = next.failing ? html`<span class="badge failing">Failing</span> ` : null;
  const overdue = next.overdue ? html`<span class="badge overdue">Overdue: ${lateText(next, times.now)}</span> ` : null;
  if (state.active === null) {
    return failing === null && overdue === null ? html`<span class="badge">Free</span>` : html`${failing}${overdue}`;
  }
  const since = Date.parse(state.active.createdAt);
  const length = times.element(since, formatLength(times.now - since));
  const isStuck = next.overdue && times.now - since >= intervalLength(state.active) ? ", stuck?" : "";
  return html`${failing}${overdue}<span class="badge running">Running for ${length}${isStuck}</span>`;
}

function intervalLength({ intervalStartedAt, intervalEndedAt }: Lock): number {
  return Date.parse(intervalEndedAt) - Date.parse(intervalStartedAt);
}

/** `1 interval`, `3 intervals`, `1000 intervals or more`. */
export function intervals(count: number): string {
  if (count > MAX_BEHIND) return `${MAX_BEHIND} intervals or more`;
  return count === 1 ? "1 interval" : `${count} intervals`;
}
