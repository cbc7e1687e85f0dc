import { tzOffset } from "@date-fns/tz/tzOffset";
import { ArgumentError } from "./argument-error.ts";
import { DAY, type Instant, MINUTE } from "./instant.ts";

/** A reading of a wall clock: the {@link Instant} at which a clock in UTC shows the same reading. */
export type WallTime = number;

/** The wall clock of a place. */
export interface Zone {
  /** How far this wall clock is ahead of UTC at an instant, in milliseconds. */
  offsetAt(instant: Instant): number;
  /** Every instant at which this wall clock shows `wall`, in order: one; none in a gap; two where it is set back. */
  instantsOf(wall: WallTime): readonly Instant[];
  /**
   * The two instants that a reading inside a gap could stand for: read with the offset from before the gap (`later`:
   * the reading moves on by the gap's length) and with the one from after it (`earlier`).
   */
  aroundGap(wall: WallTime): { readonly earlier: Instant; readonly later: Instant };
}

const UTC: Zone = {
  offsetAt: () => 0,
  instantsOf: (wall) => [wall],
  aroundGap: (wall) => ({ earlier: wall, later: wall }),
};

/**
 * @param timezone A name of the IANA time zone database, in any case, such as `Europe/London`.
 * @throws ArgumentError when the runtime's copy of that database doesn't hold it.
 */
export function zoneNamed(timezone: string): Zone {
  if (timezone === "UTC") return UTC;
  const name = nameOf(timezone);
  if (name === null) {
    throw new ArgumentError(
      `The timezone ${JSON.stringify(timezone)} is unknown: give a name of the IANA time zone database, such as Europe/London or UTC`,
    );
  }

  const offsetAt = (instant: Instant): number => tzOffset(name, new Date(instant)) * MINUTE;
  // No place changes its clock twice within two days, and no offset exceeds a day: the offsets a day before and a day
  // after a reading (taken as UTC) are the only ones that it can have been made with.
  const readWithBoth = (wall: WallTime) => ({
    later: wall - offsetAt(wall - DAY),
    earlier: wall - offsetAt(wall + DAY),
  });
  return {
    offsetAt,
    instantsOf(wall) {
      const { earlier, later } = readWithBoth(wall);
      const instants = earlier === later ? [earlier] : [earlier, later].sort((a, b) => a - b);
      return instants.filter((instant) => instant + offsetAt(instant) === wall);
    },
    aroundGap: readWithBoth,
  };
}

/** @returns the zone's name as the runtime writes it, however it is spelled: offsets are kept in memory by name. */
function nameOf(timezone: string): string | null {
  // Offsets such as "+09:00" are zones to newer runtimes alone, and never names of the database.
  if (!/^[A-Za-z]/.test(timezone)) return null;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: timezone }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
