import { DAY, type Instant } from "../../scheduler/instant.ts";
import type { Span } from "../../scheduler/span.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { Zone } from "../../scheduler/zone.ts";

/** The look of each bar: Mermaid shows `done` in grey, `crit` in red, both in grey with a red border, and neither in blue. */
const STYLES: Readonly<Record<string, string>> = {
  finished: "done",
  interrupted: "crit",
  "taken-over": "crit",
  skipped: "crit, done",
  running: "",
};
/** For the outcome of a newer version. */
const UNKNOWN = { name: "ended", style: "done" };

interface Bar extends Span {
  readonly name: string;
}

/**
 * Draws the intervals of a job's last runs, oldest first, on the wall clock of its time zone. An interval that failed and
 * came again has a bar for each run.
 *
 * @returns a Mermaid chart, or null for a job without runs.
 * @see https://mermaid.js.org/syntax/gantt.html
 */
export function runsChart(state: JobState, zone: Zone): string | null {
  const bars = barsOf(state).filter(({ from, until }) => from < until);
  const [first] = bars;
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return null;
  return [
    "```mermaid",
    "gantt",
    "  title Intervals of the last runs",
    "  dateFormat YYYY-MM-DDTHH:mm:ss",
    `  axisFormat ${last.until - first.from <= 2 * DAY ? "%H:%M" : "%d %b"}`,
    ...sectionsOf(bars).flatMap(([day, some]) => [
      `  section ${day}`,
      ...some.map(
        ({ name, from, until }) =>
          `  ${name} :${[STYLES[name] ?? UNKNOWN.style, wall(from), wall(until)].filter(Boolean).join(", ")}`,
      ),
    ]),
    "```",
  ].join("\n");

  function wall(instant: Instant): string {
    return new Date(instant + zone.offsetAt(instant)).toISOString().slice(0, 19);
  }

  /** A section for each day, so that a row needs no date of its own. */
  function sectionsOf(all: readonly Bar[]): readonly (readonly [string, readonly Bar[]])[] {
    const sections = new Map<string, Bar[]>();
    for (const bar of all) {
      const day = wall(bar.from).slice(0, 10);
      sections.set(day, [...(sections.get(day) ?? []), bar]);
    }
    return [...sections];
  }
}

function barsOf({ history, skipped = [], active }: JobState): readonly Bar[] {
  const runs = history.map(({ outcome, intervalStartedAt, intervalEndedAt }) => ({
    name: Object.hasOwn(STYLES, outcome) ? outcome : UNKNOWN.name,
    from: Date.parse(intervalStartedAt),
    until: Date.parse(intervalEndedAt),
  }));
  const spans = skipped.map(({ skippedStartedAt, skippedEndedAt }) => ({
    name: "skipped",
    from: Date.parse(skippedStartedAt),
    until: Date.parse(skippedEndedAt),
  }));
  const running =
    active === null
      ? []
      : [{ name: "running", from: Date.parse(active.intervalStartedAt), until: Date.parse(active.intervalEndedAt) }];
  // The history is newest first, and a sort keeps the order of equal bars.
  return [...runs.reverse(), ...spans, ...running].sort((a, b) => a.from - b.from);
}
