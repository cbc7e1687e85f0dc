import { oneLine } from "../../backend/one-line.ts";
import { DAY, type Instant } from "../../scheduler/instant.ts";
import { endingOf, type JobState } from "../../scheduler/state-document.ts";
import { endingName, type HistoryEntry, historyInWords, historyOf, intervalOf } from "./history.ts";
import { type Html, html } from "./html.ts";
import { webUrl } from "./links.ts";
import type { TimeFormatter } from "./time-formatter.ts";

/** The most marks in a row of the overview, without the mark of a run that is running. */
const MOST_MARKS = 11;

/** From this number of marks on, an axis has room for two labels. */
const MARKS_OF_TWO_LABELS = 7;

/** From this length on, an axis shows dates without times of day. */
const LONG_AXIS = 3 * DAY;

/** One mark. Each kind has a shape of its own, since some readers cannot tell the colours apart. */
interface Mark {
  readonly kind: "finished" | "interrupted" | "taken-over" | "other" | "skipped" | "running";
  readonly label: string;
  readonly url: string | null;
}

/** The last runs and skipped spans, the oldest at the left, and the active lock's run at the right, above a time axis. */
export function timeline(state: JobState, times: TimeFormatter): Html {
  return timelineOf(historyOf(state).slice(-MOST_MARKS), state, times);
}

/** The whole recorded history. */
export function wholeTimeline(state: JobState, times: TimeFormatter): Html {
  return timelineOf(historyOf(state), state, times);
}

function timelineOf(entries: readonly HistoryEntry[], { active }: JobState, times: TimeFormatter): Html {
  const marks = entries.map((entry) => markOf(entry, times));
  if (active !== null) {
    const label = `running: ${times.interval(active)}`;
    marks.push({ kind: "running", label, url: webUrl(active.holder?.runUrl) });
  }
  if (marks.length === 0) return html`<p class="faint">no run yet</p>`;
  const spans = [...entries.map(intervalOf), ...(active === null ? [] : [active])];
  return html`<div class="timeline"><ol class="marks" role="list" aria-label="${historyInWords(entries, active !== null)}">${marks.map(markElement)}</ol>${axis(
    spans.map(({ intervalStartedAt }) => Date.parse(intervalStartedAt)),
    spans.map(({ intervalEndedAt }) => Date.parse(intervalEndedAt)),
    times,
  )}</div>`;
}

function markOf(entry: HistoryEntry, times: TimeFormatter): Mark {
  const interval = times.interval(intervalOf(entry));
  if (entry.kind === "skipped") return { kind: "skipped", label: `skipped: ${interval}`, url: null };
  const { run } = entry;
  const ended = times.instant(Date.parse(run.endedAt));
  return {
    kind: endingOf(run) ?? "other",
    label: `${oneLine(endingName(run))}: ${interval}, ended ${ended}`,
    url: webUrl(run.runUrl),
  };
}

/** The job's page has the same links in a table, so that the keyboard need not pass each mark. */
function markElement({ kind, label, url }: Mark): Html {
  const named = html`class="mark ${kind}" title="${label}" aria-label="${label}"`;
  return url === null
    ? html`<li><span role="img" ${named}></span></li>`
    : html`<li><a href="${url}" tabindex="-1" ${named}></a></li>`;
}

function axis(starts: readonly Instant[], ends: readonly Instant[], times: TimeFormatter): Html {
  const [from, until] = [Math.min(...starts), Math.max(...ends)];
  const label = (instant: Instant) =>
    times.element(instant, until - from >= LONG_AXIS ? times.date(instant) : times.instant(instant));
  return html`<p class="axis">${starts.length < MARKS_OF_TWO_LABELS ? null : label(from)}${label(until)}</p>`;
}

/** Explains the marks, and the words of the conditions. */
export function legend(rule: string): Html {
  const kinds = [
    ["finished", "finished"],
    ["interrupted", "interrupted"],
    ["taken-over", "taken over"],
    ["skipped", "skipped"],
    ["running", "running"],
  ] as const;
  const marks = kinds.map(([kind, name]) => {
    return html`<li><span class="mark ${kind}" aria-hidden="true"></span>${name}</li>`;
  });
  return html`<details class="legend"><summary>What the marks and states mean</summary><ul role="list">${marks}</ul><p>${rule}</p></details>`;
}
