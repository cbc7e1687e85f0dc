import { type EndedRun, type Ending, endingOf, type JobState } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";
import { webUrl } from "./links.ts";
import type { TimeFormatter } from "./time-formatter.ts";

/** A shape fits into 8 by 24 units. The shapes differ, since some readers cannot tell the colours apart. */
const RUN_KINDS: Readonly<Record<Ending | "running", { readonly name: string; readonly shape: Html }>> = {
  finished: { name: "finished", shape: html`<rect class="finished" x="1" y="3" width="6" height="19" rx="1.5"/>` },
  interrupted: { name: "interrupted", shape: html`<path class="interrupted" d="M1.5 16.5l5 5m0-5l-5 5"/>` },
  "taken-over": {
    name: "taken over",
    shape: html`<rect class="taken-over" x="1.75" y="13.75" width="4.5" height="7.5" rx="1"/>`,
  },
  running: { name: "running", shape: html`<rect class="running" x="1.75" y="3.75" width="4.5" height="17.5" rx="1"/>` },
};

const SLOT_WIDTH = 8;
const HEIGHT = 24;
const MAX_RUNS = 20;

export function endingName(run: EndedRun): string {
  const ending = endingOf(run);
  return ending === null ? run.outcome : RUN_KINDS[ending].name;
}

/**
 * The last runs that ended, the oldest at the left, and the active lock's run at the right. Screen readers get the same in
 * words from `aria-label`; the job's own page has the links for them.
 */
export function timeline({ active, history }: JobState, times: TimeFormatter): Html {
  const runs = history.slice(0, MAX_RUNS).reverse();
  const width = (MAX_RUNS + 1) * SLOT_WIDTH;
  const firstPosition = MAX_RUNS - runs.length;
  return html`<svg class="timeline" role="group" aria-label="${runsInWords(history, active !== null)}" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}"><g aria-hidden="true"><path class="ground" d="M0 23.5h${width}"/>${runs.map(
    (run, at) => slot(firstPosition + at, run, times),
  )}${active && html`<g transform="translate(${MAX_RUNS * SLOT_WIDTH})">${RUN_KINDS.running.shape}</g>`}</g></svg>`;
}

/** For example `Last 20 runs: 17 finished, 2 interrupted, 1 taken over; one is running`. */
export function runsInWords(history: readonly EndedRun[], running: boolean): string {
  const runs = history.slice(0, MAX_RUNS);
  const counts = (Object.keys(RUN_KINDS) as (Ending | "running")[])
    .map((outcome) => [runs.filter((run) => run.outcome === outcome).length, RUN_KINDS[outcome].name] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(", ");
  const ended =
    runs.length === 0 ? "No run has ended yet" : `Last ${runs.length === 1 ? "run" : `${runs.length} runs`}: ${counts}`;
  return running ? `${ended}; one is running` : ended;
}

/** Explains the shapes. */
export function legend(): Html {
  return html`<ul class="legend" role="list">${Object.values(RUN_KINDS).map(
    ({ name, shape }) => html`<li>${shapeElement(shape)} ${name}</li>`,
  )}</ul>`;
}

export function endingShape(run: EndedRun): Html {
  return shapeElement(shapeOf(run));
}

/** An ending that only a newer version knows has no shape of its own. */
function shapeOf(run: EndedRun): Html {
  const ending = endingOf(run);
  return ending === null ? html`` : RUN_KINDS[ending].shape;
}

function shapeElement(shape: Html): Html {
  return html`<svg aria-hidden="true" width="${SLOT_WIDTH}" height="${HEIGHT}" viewBox="0 0 ${SLOT_WIDTH} ${HEIGHT}">${shape}</svg>`;
}

function slot(position: number, run: EndedRun, times: TimeFormatter): Html {
  const url = webUrl(run.runUrl);
  const interval = times.interval(run);
  // The transparent path makes the whole slot react to the pointer.
  const content = html`<title>${interval}: ${endingName(run)} ${times.instant(Date.parse(run.endedAt))}</title><path class="slot" d="M0 0h8v24h-8z"/>${shapeOf(run)}`;
  const transform = `translate(${position * SLOT_WIDTH})`;
  if (url === null) return html`<g transform="${transform}">${content}</g>`;
  return html`<a href="${url}" rel="noopener noreferrer" tabindex="-1" transform="${transform}">${content}</a>`;
}
