/**
 * A mark is 24 CSS pixels wide and high, so that a finger can hit it. The part of it that is seen is narrower, and a failure
 * is larger than a success.
 */
export const TIMELINE = `
.timeline { display: inline-block; max-width: 100%; }
.jobs .timeline { display: block; width: fit-content; margin-inline-start: auto; }
.marks { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); }
.mark { display: grid; place-items: end center; width: 1.5rem; height: 1.5rem; border-radius: 0.25rem 0.25rem 0 0; }
a.mark:hover { box-shadow: inset 0 0 0 1px var(--field); }
.mark::before { content: ""; width: 0.375rem; height: 0.625rem; border-radius: 0.125rem 0.125rem 0 0; forced-color-adjust: none; }
.mark.finished::before { background: var(--finished); }
.mark.interrupted::before {
  content: "×"; width: 0.8125rem; height: 1.25rem; background: var(--failing); color: var(--on-failing);
  font: 700 0.875rem/1.25rem system-ui, sans-serif; text-align: center;
}
.mark.taken-over::before {
  width: 0.8125rem; height: 1.25rem; border: 2px solid var(--taken-over); background: var(--overdue-tint);
}
.mark.running::before { width: 0.625rem; height: 1rem; border: 1.5px dashed var(--running); border-bottom: 0; }
.mark.other::before { border: 1.5px solid var(--skipped); border-bottom: 0; }
.mark.skipped::before { width: 1rem; height: 0.375rem; border-radius: 0; border: 1.5px dotted var(--skipped); border-bottom: 0; }
.axis {
  display: flex; justify-content: space-between; gap: 0.5rem; padding-top: 0.125rem; white-space: nowrap;
  color: var(--faint); font-size: 0.6875rem; line-height: 1.2;
}
.axis :only-child { margin-inline-start: auto; }
.legend summary { cursor: pointer; width: fit-content; min-height: 1.5rem; }
.legend ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin-top: 0.25rem; }
.legend li { display: flex; align-items: center; gap: 0.125rem; }
@media (max-width: 40em) {
  .jobs .marks li:nth-last-child(n + 5), .jobs .axis { display: none; }
}
@media (prefers-reduced-motion: no-preference) {
  .mark.running::before { animation: breathe 2.4s ease-in-out infinite; }
  @keyframes breathe { 50% { opacity: 0.45; } }
}
@media (forced-colors: active) {
  .mark:is(.finished, .interrupted)::before { background: CanvasText; color: Canvas; }
  .mark:is(.taken-over, .running, .other, .skipped)::before { border-color: CanvasText; }
}
`;
