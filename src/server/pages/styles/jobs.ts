/** The overview: the filters, and the table of the jobs, which is a list on a narrow screen. */
export const JOBS = `
.top { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; align-items: center; justify-content: space-between; }
form.search { display: flex; gap: 0.5rem; }
form.search input { width: 16rem; min-width: 0; flex: 1 1 auto; }
.filters { display: flex; flex-wrap: wrap; gap: 0.25rem 0.375rem; margin: 0.75rem 0; }
.filter {
  display: inline-flex; gap: 0.375rem; align-items: center; min-height: 1.75rem; padding: 0 0.625rem; border-radius: 1rem;
  color: var(--ink); text-decoration: none; border: 1px solid transparent;
}
.filter:hover { background: var(--sheet); border-color: var(--field); }
.filter[aria-current] { background: var(--sheet); border-color: var(--field); font-weight: 600; }
.filter:is(.damaged, .failing) { color: var(--failing); }
.filter.overdue { color: var(--overdue); }
.filter.running { color: var(--running); }
.filter .number { color: inherit; }
.result { margin-bottom: 0.75rem; }
.jobs {
  width: 100%; border-collapse: separate; border-spacing: 0; table-layout: fixed;
  background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem;
}
.jobs :is(th, td) { text-align: start; vertical-align: top; padding: 0.4375rem 0.5rem; font-weight: 400; }
.jobs :is(th, td):first-child { padding-inline-start: 1rem; }
.jobs :is(th, td):last-child { padding-inline-end: 1rem; }
.jobs thead th { font-size: 0.75rem; color: var(--faint); padding-block: 0.5rem 0.25rem; }
.jobs thead a { color: inherit; text-decoration: none; }
.jobs thead a:hover { text-decoration: underline; }
.jobs thead th[aria-sort] a { color: var(--ink); font-weight: 600; }
.jobs thead th[aria-sort=ascending] a::after { content: " ↑"; }
.jobs thead th[aria-sort=descending] a::after { content: " ↓"; }
.jobs thead th:nth-child(2) { width: 11.5rem; }
.jobs thead th:nth-child(3) { width: 11rem; }
.jobs thead th:nth-child(4) { width: 11rem; }
.jobs thead th:nth-child(5) { width: 19.5rem; text-align: end; }
.jobs .section th { padding-block: 0.625rem 0.1875rem; border-top: 1px solid var(--line); }
.jobs .section h2 { font-size: 0.75rem; letter-spacing: 0.02em; }
.job > * { border-top: 1px solid var(--line); }
.section + .job > * { border-top: 0; }
.job:hover { background: var(--hover); }
.job .name {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
  width: fit-content; max-width: 100%; font-weight: 600;
}
.job .name:focus-visible { outline-offset: -0.125rem; }
.job .last .ending { display: block; }
.job .schedule, .job .lock { color: var(--faint); font-size: 0.8125rem; }
.job .lock { display: flex; gap: 0.5rem; min-width: 0; }
.holder { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.release { flex: none; }
.job .took { display: block; }
.job code { overflow-wrap: anywhere; }
.state { display: flex; flex-wrap: wrap; gap: 0.125rem 0.375rem; }
.badge {
  display: inline-block; padding: 0 0.5rem; border-radius: 1rem; border: 1px solid transparent;
  font-size: 0.8125rem; font-weight: 600;
}
.badge:is(.failing, .damaged) { background: var(--failing); color: var(--on-failing); }
.badge.overdue { background: var(--overdue-tint); color: var(--overdue); border-color: var(--overdue-line); }
.running { color: var(--running); }
.free, .waiting { color: var(--faint); }
.late { color: var(--overdue); font-weight: 600; }
.behind { white-space: nowrap; }
.ending { white-space: nowrap; }
.ending.interrupted { color: var(--failing); font-weight: 600; }
.ending.taken-over { color: var(--taken-over); font-weight: 600; }
.pages {
  display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; justify-content: center; margin-top: 1rem;
}
.pages ol { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.pages a {
  display: inline-block; min-width: 2rem; padding: 0.25rem 0.5rem; border-radius: 0.4375rem;
  text-align: center; text-decoration: none;
}
.pages a:hover { background: var(--sheet); }
.pages a[aria-current] { background: var(--sheet); border: 1px solid var(--field); color: var(--ink); font-weight: 600; }
.pages .gap { padding: 0.25rem 0; color: var(--faint); }
@media (max-width: 72em) {
  .jobs, .jobs tbody, .jobs thead { display: block; }
  .jobs :is(th, td), .jobs :is(th, td):first-child, .jobs :is(th, td):last-child { display: block; padding: 0; border: 0; }
  .jobs thead tr {
    display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; padding: 0.125rem 0.75rem; font-size: 0.75rem;
  }
  .jobs thead tr::before { content: "Sort by"; color: var(--faint); }
  .jobs thead a { display: inline-block; padding-block: 0.1875rem; }
  .jobs thead th:nth-child(n) { width: auto; padding: 0; }
  .jobs thead th:last-child { display: none; }
  .jobs .section { display: block; padding: 0.1875rem 0.75rem 0; border-top: 1px solid var(--line); }
  .job {
    display: flex; flex-wrap: wrap; align-items: center; gap: 0 0.5rem; padding: 0.1875rem 0.75rem;
    border-top: 1px solid var(--line);
  }
  .section + .job { border-top: 0; padding-top: 0; }
  .jobs .job > th {
    flex: 0 0 100%; min-width: 0; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 0.75rem;
  }
  .job .lock { flex: 1 0 100%; }
  .jobs .job .state { display: flex; align-items: center; }
  .jobs .job .state.free { display: none; }
  .job .last::before { content: "last "; color: var(--faint); }
  .job .last .took { display: none; }
  .job .last .ending { display: inline; }
  .job .note { flex: 1 1 10rem; }
  .job .runs { margin-inline-start: auto; }
}
@media (max-width: 30em) {
  .top h1 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .top search, form.search { width: 100%; }
  .filters { margin: 0.375rem 0; gap: 0 0.125rem; }
  .filter { padding-inline: 0.4375rem; }
}
`;
