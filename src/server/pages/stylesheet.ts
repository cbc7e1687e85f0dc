/** The stylesheet of all pages. Contrasts meet WCAG 2.2 AA: 4.5:1 for text, 3:1 for graphics and controls. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --sheet: #ffffff; --ink: #1b2230; --faint: #566074; --line: #dfe3ea; --field: #818b9e;
  --link: #1d4ed8; --focus: #1d4ed8;
  --overdue: #a33a00; --overdue-tint: #fff1e6; --overdue-line: #f3c9a8;
  --running: #1d4ed8; --running-tint: #eaf0ff; --running-line: #c3d3fb;
  --free: #566074; --free-tint: #f1f3f6; --free-line: #dfe3ea;
  --finished: #2f8f5b; --interrupted: #c8321f; --taken-over: #8a6400;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141b; --sheet: #171c25; --ink: #e6eaf2; --faint: #9da8bb; --line: #2a3140; --field: #6f7b90;
    --link: #93b4ff; --focus: #93b4ff;
    --overdue: #ffb077; --overdue-tint: #34220f; --overdue-line: #6b4320;
    --running: #93b4ff; --running-tint: #17233f; --running-line: #2f467a;
    --free: #9da8bb; --free-tint: #1f2530; --free-line: #2f3747;
    --finished: #4fb581; --interrupted: #ff7b6b; --taken-over: #d9aa3a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: 0 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, footer { max-width: 74rem; margin-inline: auto; }
a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 0.06em; }
a:hover { text-decoration-thickness: 0.12em; }
:focus-visible { outline: 0.1875rem solid var(--focus); outline-offset: 0.125rem; border-radius: 0.25rem; }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
.hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
header { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: baseline; padding: 1.5rem 0 0.75rem; }
header .home { font-weight: 650; color: var(--ink); text-decoration: none; letter-spacing: -0.01em; }
header .home:hover { text-decoration: underline; }
header .asof { margin-inline-start: auto; color: var(--faint); font-size: 0.8125rem; }
h1 { font-size: 1.625rem; line-height: 1.2; letter-spacing: -0.02em; font-weight: 700; }
h2 { font-size: 0.9375rem; font-weight: 650; }
.top { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: end; justify-content: space-between; margin-bottom: 1.25rem; }
.counts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin-top: 0.5rem; color: var(--faint); }
.counts div { display: flex; flex-direction: row-reverse; gap: 0.3rem; align-items: baseline; }
.counts dd { font-weight: 650; font-size: 1.125rem; color: var(--ink); }
.counts :is(.overdue, .failing, .damaged) dd { color: var(--overdue); }
.counts .running dd { color: var(--running); }
form.search { display: flex; gap: 0.5rem; align-items: end; max-width: 100%; }
form.search .field { flex: 1 1 15rem; min-width: 0; }
label { display: block; font-size: 0.8125rem; color: var(--faint); margin-bottom: 0.25rem; }
input, button, .button {
  font: inherit; color: var(--ink); background: var(--sheet); border: 1px solid var(--field); border-radius: 0.4375rem;
  padding: 0.375rem 0.75rem; min-height: 2.25rem;
}
input { width: 100%; }
button, .button { display: inline-block; cursor: pointer; text-decoration: none; white-space: nowrap; font-weight: 550; }
button:hover, .button:hover { border-color: var(--ink); }
.small { padding: 0.125rem 0.625rem; min-height: 1.75rem; font-size: 0.875rem; }
.danger { color: var(--sheet); background: var(--overdue); border-color: var(--overdue); }
.danger:hover { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--sheet); }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem; }
section { margin-top: 1.5rem; }
section > h2 { margin-bottom: 0.5rem; }
section:not(.card) > h2 { margin-inline-start: 0.125rem; }
.note { padding: 0.75rem 1rem; margin-bottom: 1.25rem; border-inline-start: 0.25rem solid var(--running); }
.note.failed { border-inline-start-color: var(--overdue); }
.job {
  display: grid; grid-template-columns: minmax(0, 1fr) 15rem 10.5rem 6rem; gap: 0.25rem 1.25rem; align-items: center;
  padding: 0.5rem 1rem; border-top: 1px solid var(--line);
}
.job:first-child { border-top: 0; }
.job h3 { font-size: 0.9375rem; font-weight: 600; }
.job h3 a { color: inherit; text-decoration-color: transparent; }
.job h3 a:hover { text-decoration-color: currentcolor; }
.job .about { color: var(--faint); font-size: 0.8125rem; }
.job .act { text-align: end; }
.condition { display: flex; flex-wrap: wrap; gap: 0.25rem; font-size: 0.8125rem; }
.badge {
  padding: 0.0625rem 0.5rem; border-radius: 1rem; border: 1px solid var(--free-line);
  background: var(--free-tint); color: var(--free);
}
.badge.failing { background: var(--overdue); color: var(--sheet); border-color: var(--overdue); font-weight: 600; }
.badge.overdue { background: var(--overdue-tint); color: var(--overdue); border-color: var(--overdue-line); font-weight: 600; }
.badge.running { background: var(--running-tint); color: var(--running); border-color: var(--running-line); }
.timeline { display: block; max-width: 100%; height: 1.5rem; }
.ground { stroke: var(--line); fill: none; }
.slot { fill: transparent; }
.finished { fill: var(--finished); }
.interrupted { stroke: var(--interrupted); stroke-width: 2; stroke-linecap: round; fill: none; }
.taken-over { fill: none; stroke: var(--taken-over); stroke-width: 1.5; }
svg .running { fill: none; stroke: var(--running); stroke-width: 1.5; stroke-dasharray: 2.5 1.5; }
.timeline a:hover .slot { fill: var(--line); }
@media (prefers-reduced-motion: no-preference) {
  .timeline .running { animation: breathe 2.4s ease-in-out infinite; }
  @keyframes breathe { 50% { opacity: 0.45; } }
}
.pages { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: center; margin-top: 1.5rem; }
.empty { padding: 2.5rem 1rem; text-align: center; color: var(--faint); }
.empty strong { display: block; color: var(--ink); font-size: 1.0625rem; margin-bottom: 0.25rem; }
.card { padding: 1.25rem 1.5rem; max-width: 44rem; }
.card > * + * { margin-top: 1rem; }
.card.wide { max-width: none; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.375rem 1.25rem; }
.facts dt { color: var(--faint); }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.steps { list-style: disc; padding-inline-start: 1.25rem; }
.steps li + li { margin-top: 0.375rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: start; padding: 0.375rem 1rem 0.375rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: 0.8125rem; font-weight: 400; color: var(--faint); }
td svg { vertical-align: middle; margin-inline-end: 0.25rem; }
footer { margin-top: 2rem; color: var(--faint); font-size: 0.8125rem; }
footer p { max-width: 46rem; margin-top: 0.5rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.legend li { display: flex; align-items: center; gap: 0.375rem; }
@media (max-width: 56em) {
  .job { grid-template-columns: minmax(0, 1fr) auto; padding-block: 0.75rem; }
  .job .title { grid-column: 1 / -1; }
  .job .runs { grid-column: 1; }
  .job .condition { grid-column: 1 / -1; }
}
@media (max-width: 30em) {
  header .asof { margin-inline-start: 0; width: 100%; }
  .top search { width: 100%; }
  .card { padding: 1rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd + dt { margin-top: 0.5rem; }
}
@media (forced-colors: active) {
  .finished { fill: CanvasText; }
  .interrupted, .taken-over, svg .running, .ground { stroke: CanvasText; }
}
`;
