import { oneLine } from "../../backend/one-line.ts";
import { type Duration, durationText, type Length } from "../../scheduler/duration.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../scheduler/instant.ts";
import { formatLength } from "../../scheduler/late-text.ts";
import type { RecordedSchedule } from "../../scheduler/state-document.ts";
import type { Upcoming } from "../jobs/upcoming.ts";
import { type Html, html } from "./html.ts";

/**
 * A job's schedule, and how long its next interval is: `0 4 * * *, 1 d` or `every 90 minutes`.
 *
 * @param zone The time zone of the page. The schedule's own one is named if it is another one.
 */
export function scheduleElement(schedule: RecordedSchedule | undefined, { length }: Upcoming, zone: string): Html {
  if (schedule === undefined) return html`schedule not recorded`;
  const { jobInterval, timezone } = schedule;
  const parts = [
    typeof jobInterval === "string"
      ? html`<code>${oneLine(jobInterval)}</code>`
      : html`every ${everyText(jobInterval)}`,
    typeof jobInterval === "string" && length !== null ? html`${formatLength(length)} each` : null,
    timezone !== zone && typeof jobInterval !== "number" ? html`${oneLine(timezone)}` : null,
  ];
  return html`${parts.filter((part) => part !== null).map((part, at) => html`${at === 0 ? "" : ", "}${part}`)}`;
}

/** `hour`, `90 minutes`, `1 day 12 hours`. */
function everyText(length: Length): string {
  return lengthText(length).replace(/^1 (\w+)$/, "$1");
}

/** `1 hour`, `90 minutes`. */
export function lengthText(length: Length): string {
  // A document of a newer version may have other fields.
  return durationText(typeof length === "number" ? partsOf(length) : Object.entries(length as Duration));
}

const UNITS = [
  ["days", DAY],
  ["hours", HOUR],
  ["minutes", MINUTE],
  ["seconds", SECOND],
  ["milliseconds", 1],
] as const;

/** A number of milliseconds in whole units, without those that are 0. */
function partsOf(length: number): [unit: string, count: number][] {
  let rest = length;
  const parts: [string, number][] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push([unit, count]);
    rest -= count * size;
  }
  return parts;
}
