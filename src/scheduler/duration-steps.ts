import { utc } from "@date-fns/utc";
import { add as addToDate } from "date-fns/add";
import type { Duration } from "./duration.ts";
import { HOUR, type Instant, MINUTE, SECOND } from "./instant.ts";
import type { Steps } from "./steps.ts";
import type { WallTime, Zone } from "./zone.ts";

/**
 * Steps by a duration: first its years, months, weeks and days on the calendar and wall clock, then its hours, minutes
 * and seconds as elapsed time. See docs/semantics.md, "Durations".
 */
export function durationSteps(duration: Duration, zone: Zone): Steps {
  const { years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = duration;
  const elapsed = hours * HOUR + minutes * MINUTE + seconds * SECOND;
  const onCalendar = years + months + weeks + days > 0;

  const stepOnCalendar = (instant: Instant, sign: 1 | -1): Instant => {
    if (!onCalendar) return instant;
    // date-fns counts on the calendar of the process's own zone unless it is given another. A wall clock's reading is
    // held as if it were UTC, so UTC is the calendar to count it on.
    const wall = +addToDate(
      instant + zone.offsetAt(instant),
      { years: sign * years, months: sign * months, weeks: sign * weeks, days: sign * days },
      { in: utc },
    );
    return instantAt(wall, zone, instant, sign);
  };

  return {
    add: (instant) => stepOnCalendar(instant, 1) + elapsed,
    sub: (instant) => stepOnCalendar(instant, -1) - elapsed,
  };
}

/** The instant for a wall clock's reading, coming from `from`. */
function instantAt(wall: WallTime, zone: Zone, from: Instant, sign: 1 | -1): Instant {
  const [first, second] = zone.instantsOf(wall);
  if (first === undefined) {
    const { earlier, later } = zone.aroundGap(wall);
    // Where a whole day was left out (Apia, 2011-12-30), the day before the day after is that very instant again.
    return (later - from) * sign > 0 ? later : earlier;
  }
  if (second === undefined) return first;
  return first + zone.offsetAt(wall) === wall ? first : second;
}
