/** The pages of one job, of a confirmation and of a message, and the empty overview. */
export const CARDS = `
.card { padding: 1rem 1.25rem; max-width: 46rem; }
.card > * + * { margin-top: 0.75rem; }
.card.wide { max-width: none; }
.back { font-size: 0.8125rem; margin-bottom: 0.25rem; }
h1 + .card { margin-top: 0.75rem; }
section.card { margin-top: 1rem; }
.note.sheet { padding: 0.625rem 1rem; margin-bottom: 1rem; border-inline-start: 0.25rem solid var(--running); }
.note.sheet.failed { border-inline-start-color: var(--failing); }
.empty { padding: 2rem 1rem; text-align: center; color: var(--faint); }
.first h2 { font-size: 1rem; }
.first pre {
  margin-bottom: 0; padding: 0.875rem 1rem; overflow-x: auto; overflow-wrap: normal;
  background: var(--ground); border: 1px solid var(--line); border-radius: 0.5rem;
}
.condition { display: flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; align-items: center; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 1.5rem; }
.facts dt { color: var(--faint); }
.facts div { display: contents; }
.facts.across { display: flex; flex-wrap: wrap; gap: 0.5rem 2.5rem; }
.facts.across div { display: block; min-width: 0; }
.facts.across dt { font-size: 0.75rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.steps { list-style: disc; padding-inline-start: 1.25rem; }
.steps li + li { margin-top: 0.25rem; }
.history { width: 100%; border-collapse: collapse; }
.history :is(th, td) {
  text-align: start; vertical-align: baseline; padding: 0.3125rem 1rem 0.3125rem 0; border-top: 1px solid var(--line);
  font-weight: 400;
}
.history thead th { border-top: 0; font-size: 0.75rem; color: var(--faint); }
.history .mark { display: inline-grid; vertical-align: bottom; height: 1.25rem; width: 1.125rem; margin-inline-end: 0.375rem; }
@media (max-width: 48em) {
  .history, .history tbody { display: block; }
  .history thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .history tr { display: flex; flex-wrap: wrap; gap: 0 0.75rem; padding: 0.375rem 0; border-top: 1px solid var(--line); }
  .history :is(th, td) { display: block; padding: 0; border: 0; }
  .history th { flex: 1 0 100%; }
  .history .started::before { content: "started "; color: var(--faint); }
  .history .took::before { content: "took "; color: var(--faint); }
  .history .attempt::before { content: "attempt "; color: var(--faint); }
  .history .run { flex: 1 0 100%; }
}
@media (max-width: 30em) {
  .card { padding: 0.875rem 1rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts div { display: block; }
  .facts:not(.across) > * + :is(dt, div) { margin-top: 0.375rem; }
}
`;
