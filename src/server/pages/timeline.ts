import { type EndedRun, type Ending, endingOf, type JobState } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";
import { webUrl } from "./links.ts";
import type { TimeFormatter } from "./time-formatter.ts";

/** How each outcome is called, and drawn in a slot of 8 by 24: each has a shape of its own beside its colour. */
const OUTCOMES: Readonly<Record<Ending | "running", { readonly name: string; readonly shape: Html }>> = {
  finished: { name: "finished", shape: html`<rect class="finished" x="1" y="3" width="6" height="19" rx="1.5"/>` },
  interrupted: { name: "interrupted", shape: html`<path class="interrupted" d="M1.5 16.5l5 5m0-5l-5 5"/>` },
  "taken-over": {
    name: "taken over",
    shape: html`<rect class="taken-over" x="1.75" y="13.75" width="4.5" height="7.5" rx="1"/>`,
  },
  running: { name: "running", shape: html`<rect class="running" x="1.75" y="3.75" width="4.5" height="17.5" rx="1"/>` },
};

const SLOT = 8;
const HEIGHT = 24;
const MOST_RUNS = 20;

export function outcomeName(run: EndedRun): string {
  const ending = endingOf(run);
  return ending === null ? run.outcome : OUTCOMES[ending].name;
}

/**
 * The last runs that ended, and the one that goes on: the oldest at the left. The summary tells the same in words; what is
 * drawn is for eyes and pointers, its links stand on the job's own page too.
 */
export function timeline({ active, history }: JobState, times: TimeFormatter): Html {
  const runs = history.slice(0, MOST_RUNS).reverse();
  const width = (MOST_RUNS + 1) * SLOT;
  const from = MOST_RUNS - runs.length;
  return html`<svg class="timeline" role="group" aria-label="${runsInWords(history, active !== null)}" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}"><g aria-hidden="true"><path class="ground" d="M0 23.5h${width}"/>${runs.map(
    (run, at) => slot(from + at, run, times),
  )}${active && html`<g transform="translate(${MOST_RUNS * SLOT})">${OUTCOMES.running.shape}</g>`}</g></svg>`;
}

/** `Last 20 runs: 17 finished, 2 interrupted, 1 taken over; one is running`. */
export function runsInWords(history: readonly EndedRun[], running: boolean): string {
  const runs = history.slice(0, MOST_RUNS);
  const counts = (Object.keys(OUTCOMES) as (Ending | "running")[])
    .map((outcome) => [runs.filter((run) => run.outcome === outcome).length, OUTCOMES[outcome].name] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(", ");
  const ended =
    runs.length === 0 ? "No run has ended yet" : `Last ${runs.length === 1 ? "run" : `${runs.length} runs`}: ${counts}`;
  return running ? `${ended}; one is running` : ended;
}

/** What the shapes mean. */
export function legend(): Html {
  return html`<ul class="legend" role="list">${Object.values(OUTCOMES).map(
    ({ name, shape }) => html`<li>${alone(shape)} ${name}</li>`,
  )}</ul>`;
}

/** An outcome as the timeline draws it. */
export function outcomeShape(run: EndedRun): Html {
  return alone(shapeOf(run));
}

/** An outcome that only a newer version knows has no shape of its own. */
function shapeOf(run: EndedRun): Html {
  const ending = endingOf(run);
  return ending === null ? html`` : OUTCOMES[ending].shape;
}

function alone(shape: Html): Html {
  return html`<svg aria-hidden="true" width="${SLOT}" height="${HEIGHT}" viewBox="0 0 ${SLOT} ${HEIGHT}">${shape}</svg>`;
}

function slot(at: number, run: EndedRun, times: TimeFormatter): Html {
  const url = webUrl(run.runUrl);
  const interval = times.interval(run);
  // The whole slot can be pointed at.
  const drawn = html`<title>${interval}: ${outcomeName(run)} ${times.instant(Date.parse(run.endedAt))}</title><path class="slot" d="M0 0h8v24h-8z"/>${shapeOf(run)}`;
  const place = `translate(${at * SLOT})`;
  if (url === null) return html`<g transform="${place}">${drawn}</g>`;
  return html`<a href="${url}" rel="noopener noreferrer" tabindex="-1" transform="${place}">${drawn}</a>`;
}
