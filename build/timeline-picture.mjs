// Draws docs/pictures/timeline-*.svg from a real run of the demo's first chapter: `npm run pictures`. A test fails where the
// files differ.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EVENTS, playSchedule } from "../demo/schedule-story.mjs";
import { serveGit } from "../testing/git/git-server.mjs";

const FOLDER = path.join(import.meta.dirname, "..", "docs", "pictures");

/** The colours of GitHub's two themes. */
const THEMES = {
  light: { text: "#1f2328", quiet: "#59636e", line: "#d1d9e0", done: "#dafbe1", edge: "#1a7f37", bad: "#cf222e" },
  dark: { text: "#f0f6fc", quiet: "#9198a1", line: "#3d444d", done: "#12261e", edge: "#3fb950", bad: "#f85149" },
};
const WIDTH = 860;
const HEIGHT = 268;
const LEFT = 20;
const HOURS = 6.6;
const EVENT_LINE = 84;
const INTERVAL_TOP = 158;
const INTERVAL_HEIGHT = 46;

/** @returns {Promise<Record<string, string>>} the text of each picture by its file name. */
export async function timelinePictures() {
  const runs = await playedRuns();
  return Object.fromEntries(
    Object.entries(THEMES).map(([theme, colours]) => [`timeline-${theme}.svg`, picture(runs, colours)]),
  );
}

async function playedRuns() {
  const temporary = mkdtempSync(path.join(tmpdir(), "cronyx-picture-"));
  execFileSync("git", ["init", "--quiet", "--bare", path.join(temporary, "reports.git")]);
  let clock = 0;
  const token = "picture-token";
  const server = await serveGit({ root: temporary, token, now: () => clock });
  try {
    const runs = [];
    const setClock = (/** @type {number} */ instant) => {
      clock = instant;
    };
    for await (const run of playSchedule({ url: `git+${server.url("reports.git")}`, token, temporary, setClock })) {
      runs.push(run);
    }
    return runs;
  } finally {
    await server.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** @typedef {import("../demo/schedule-story.mjs").StoryRun} Run @typedef {typeof THEMES.light} Colours */

/** @param {readonly Run[]} runs @param {Colours} colours */
function picture(runs, colours) {
  const parts = [
    text(LEFT, 20, "The schedule of a workflow, 0 * * * *: its events come late, twice, or never", { bold: true }),
    ...EVENTS.map(({ expected, fired }) => expectedEvent(expected, fired.length > 0)),
    ...runs.flatMap((run) => links(run)),
    ...[...runs].reverse().map((run) => arrivedEvent(run)),
    ...finishedIntervals(runs),
    ...hourLabels(),
    text(LEFT, HEIGHT - 10, "With cronyx-action, each hour is finished exactly once, in order", { bold: true }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">${title(runs)}</title>
<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: ${colours.text} }
.bold { font-weight: 600 }
.quiet { font-size: 12px; fill: ${colours.quiet} }
.bad { fill: ${colours.bad} }
.middle { text-anchor: middle }
.axis, .expected, .dropped { stroke: ${colours.line}; stroke-width: 2; fill: none }
.dropped { stroke: ${colours.bad}; stroke-dasharray: 3 3 }
.link { stroke: ${colours.edge}; stroke-width: 1.5; fill: none }
.failed { stroke: ${colours.bad}; stroke-dasharray: 4 3 }
.event { fill: ${colours.edge} }
.idle { fill: none; stroke: ${colours.quiet}; stroke-width: 2 }
.failing { fill: ${colours.bad} }
.done { fill: ${colours.done}; stroke: ${colours.edge} }
</style>
${parts.join("\n")}
</svg>
`;
}

/** The mark of the time for which the schedule asked. @param {string} expected @param {boolean} came */
function expectedEvent(expected, came) {
  const x = xOf(expected);
  return came
    ? `<path class="expected" d="M${x} ${EVENT_LINE - 8}v16"/>`
    : `<circle class="dropped" cx="${x}" cy="${EVENT_LINE}" r="7"/>${text(x, EVENT_LINE - 18, "dropped", { style: "quiet bad middle" })}`;
}

/** @param {Run} run */
function arrivedEvent({ expected, fired, intervals }) {
  const x = xOf(fired);
  const late = minutesOf(fired) - minutesOf(expected);
  const first = EVENTS.find((event) => event.expected === expected)?.fired[0] === fired;
  const fails = intervals.some(({ finished }) => !finished);
  const style = intervals.length === 0 ? "idle" : fails ? "event failing" : "event";
  const words = !first ? "twice: nothing is due" : `${late} min late${fails ? ", fails" : ""}`;
  // A long label has a line of its own.
  const y = first && !fails ? EVENT_LINE - 18 : EVENT_LINE - 36;
  return [
    `<path class="axis" d="M${xOf(expected)} ${EVENT_LINE}H${x}"/>`,
    `<circle class="${style}" cx="${x}" cy="${EVENT_LINE}" r="6"/>`,
    text(x, y, words, { style: fails ? "quiet bad middle" : "quiet middle" }),
  ].join("");
}

/** The lines from an event to the intervals that its run did. @param {Run} run */
function links({ fired, intervals }) {
  return intervals.map(({ from, to, finished }) => {
    const start = xOf(fired);
    const end = middleOf(from, to);
    const top = EVENT_LINE + 7;
    const bottom = INTERVAL_TOP - 1;
    const half = (top + bottom) / 2;
    return `<path class="link${finished ? "" : " failed"}" d="M${start} ${top}C${start} ${half} ${end} ${half} ${end} ${bottom}"/>`;
  });
}

/** @param {readonly Run[]} runs */
function finishedIntervals(runs) {
  return runs
    .flatMap(({ fired, intervals }) => intervals.filter(({ finished }) => finished).map((span) => ({ ...span, fired })))
    .map(({ from, to, fired }) => {
      const width = xOf(to) - xOf(from) - 6;
      return [
        `<rect class="done" x="${xOf(from) + 3}" y="${INTERVAL_TOP}" width="${width}" height="${INTERVAL_HEIGHT}" rx="6"/>`,
        text(middleOf(from, to), INTERVAL_TOP + 20, "✓ finished", { style: "middle" }),
        text(middleOf(from, to), INTERVAL_TOP + 37, `run of ${fired}`, { style: "quiet middle" }),
      ].join("");
    });
}

function hourLabels() {
  const bottom = INTERVAL_TOP + INTERVAL_HEIGHT + 24;
  return Array.from({ length: 7 }, (_, hour) => {
    const label = `0${hour}:00`;
    return `<path class="axis" d="M${xOf(label)} ${bottom - 16}v-6"/>${text(xOf(label), bottom, label, { style: "quiet middle" })}`;
  });
}

/** @param {readonly Run[]} runs */
function title(runs) {
  const done = runs.flatMap(({ intervals }) => intervals).filter(({ finished }) => finished).length;
  return `An hourly schedule whose events come late, twice or never, and below it ${done} hours, each finished by exactly one run`;
}

/** @param {string} time HH:MM */
function minutesOf(time) {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/** @param {string} time HH:MM */
function xOf(time) {
  return Math.round(LEFT + 16 + (minutesOf(time) / 60) * ((WIDTH - 2 * LEFT - 16) / HOURS));
}

/** @param {string} from @param {string} to */
function middleOf(from, to) {
  return (xOf(from) + xOf(to)) / 2;
}

/** @param {number} x @param {number} y @param {string} words @param {{ bold?: boolean, style?: string }} [look] */
function text(x, y, words, { bold = false, style = "" } = {}) {
  const names = [bold ? "bold" : "", style].filter(Boolean).join(" ");
  return `<text x="${x}" y="${y}"${names === "" ? "" : ` class="${names}"`}>${words}</text>`;
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, picture] of Object.entries(await timelinePictures()))
    writeFileSync(path.join(FOLDER, name), picture);
}
