import { utc } from "@date-fns/utc";
import { add as addToDate } from "date-fns/add";
import type { Duration } from "./duration.ts";
import { HOUR, type Instant, MINUTE, SECOND } from "./instant.ts";
import type { WallTime, Zone } from "./zone.ts";

/** Moves an instant by one fixed length of time: forward for 1, back for -1. */
export type Shift = (from: Instant, direction: 1 | -1) => Instant;

/**
 * Counts years, months, weeks and days on the calendar and wall clock of the zone, then hours, minutes and seconds as
 * elapsed time. See docs/semantics.md, "Durations".
 */
export function durationShift(duration: Duration, zone: Zone): Shift {
  const { years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = duration;
  const elapsed = hours * HOUR + minutes * MINUTE + seconds * SECOND;

  return (from, direction) => {
    // Without `in`, date-fns counts on the calendar of the process's own zone. A wall time is stored as if its zone were
    // UTC, so UTC is the calendar that fits it.
    const wall = +addToDate(
      from + zone.offsetAt(from),
      { years: direction * years, months: direction * months, weeks: direction * weeks, days: direction * days },
      { in: utc },
    );
    return instantAt(wall, zone, { from, direction }) + direction * elapsed;
  };
}

/** Chooses the instant for a wall time that clocks skip or repeat: the table of docs/semantics.md, "Durations". */
function instantAt(wall: WallTime, zone: Zone, moved: { from: Instant; direction: 1 | -1 }): Instant {
  const [first, second] = zone.instantsOf(wall);
  if (first === undefined) {
    const { earlier, later } = zone.aroundGap(wall);
    // Apia skipped 2011-12-30 as a whole. One day back from December 31 lands on it, and moving on by the length of the
    // gap would return to December 31: time would stand still.
    return (later - moved.from) * moved.direction > 0 ? later : earlier;
  }
  if (second === undefined) return first;
  // `offsetAt(wall)` reads the wall time as UTC: in a zone behind UTC that is before the clock change, otherwise at or
  // after it. So the first pass matches in zones behind UTC, the second in the others.
  return first + zone.offsetAt(wall) === wall ? first : second;
}
