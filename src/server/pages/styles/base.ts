/** The elements of all pages. */
export const BASE = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: 0 1.5rem 2.5rem; background: var(--ground); color: var(--ink);
  font: 0.875rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, footer { max-width: 84rem; margin-inline: auto; }
a { color: var(--link); text-underline-offset: 0.17em; text-decoration-thickness: 0.06em; }
a:hover { text-decoration-thickness: 0.12em; }
:focus-visible { outline: 0.1875rem solid var(--link); outline-offset: 0.125rem; border-radius: 0.25rem; }
h1, h2, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -0.015em; font-weight: 650; }
h2 { font-size: 0.875rem; font-weight: 650; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.93em; }
time[title] { cursor: default; }
a time[title] { cursor: inherit; }
.faint { color: var(--faint); }
.number { font-weight: 400; color: var(--faint); }
.hidden {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
header { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; align-items: center; padding: 0.875rem 0 0.75rem; }
header .home { font-weight: 650; color: var(--ink); text-decoration: none; letter-spacing: -0.01em; }
header .home:hover { text-decoration: underline; }
header .asof { margin-inline-start: auto; color: var(--faint); font-size: 0.8125rem; }
#pause {
  min-height: 1.5rem; padding: 0 0.5rem; font-size: 0.75rem; font-weight: 400; color: var(--faint); margin-inline-start: 0.375rem;
}
#stale { color: var(--failing); font-weight: 600; }
input, button, .button {
  font: inherit; color: var(--ink); background: var(--sheet); border: 1px solid var(--field); border-radius: 0.4375rem;
  padding: 0.25rem 0.75rem; min-height: 2rem;
}
input::placeholder { color: var(--faint); opacity: 1; }
button, .button {
  display: inline-flex; align-items: center; cursor: pointer; text-decoration: none; white-space: nowrap; font-weight: 550;
}
button:hover, .button:hover { border-color: var(--ink); }
[hidden] { display: none !important; }
.danger { color: var(--on-failing); background: var(--failing); border-color: var(--failing); }
.danger:hover { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--sheet); }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem; }
footer { margin-top: 1.25rem; color: var(--faint); font-size: 0.8125rem; }
footer p { max-width: 54rem; margin-top: 0.375rem; }
@media (max-width: 30em) {
  body { padding: 0 0.75rem 1rem; font-size: 0.8125rem; line-height: 1.38; }
  header { padding: 0.375rem 0; }
  header .asof { font-size: 0.75rem; }
  .wide:not(.card) { display: none; }
}
`;
