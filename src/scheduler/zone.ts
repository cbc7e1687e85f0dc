import { tzOffset } from "@date-fns/tz/tzOffset";
import { ArgumentError } from "../errors/argument-error.ts";
import { DAY, type Instant, MINUTE } from "./instant.ts";

/** The date and time that a wall clock shows, as the {@link Instant} at which a clock in UTC shows the same. */
export type WallTime = number;

/** The wall clock of a time zone. */
export interface Zone {
  /** @returns how far this wall clock is ahead of UTC at `instant`, in milliseconds. */
  offsetAt(instant: Instant): number;
  /** @returns every instant at which this wall clock shows `wall`, in order: one, none in a gap, two in a repeated period. */
  instantsOf(wall: WallTime): readonly Instant[];
  /**
   * @returns the two instants that a wall time in a gap can stand for: `later` uses the offset before the gap, and so moves
   *   the wall time on by the gap's length; `earlier` uses the offset after it.
   */
  aroundGap(wall: WallTime): { readonly earlier: Instant; readonly later: Instant };
}

const UTC: Zone = {
  offsetAt: () => 0,
  instantsOf: (wall) => [wall],
  aroundGap: (wall) => ({ earlier: wall, later: wall }),
};

/**
 * @param timezone A name in the IANA time zone database, such as `Europe/London`. Upper and lower case are equal.
 * @throws ArgumentError for a name that is neither a zone nor a link in the runtime's copy of the database.
 */
export function zoneNamed(timezone: string): Zone {
  if (timezone === "UTC") return UTC;
  // The letter ſ is an S in upper case, but no zone has it in its name.
  const key = ASCII_NAME.test(timezone) ? timezone.toUpperCase() : timezone;
  const zone = ZONES.get(key) ?? zoneOf(timezone);
  ZONES.set(key, zone);
  return zone;
}

const ASCII_NAME = /^[\w+/-]+$/;

/**
 * The zones that were named so far. To look one up takes 80 µs, and each start that a server gets has up to three lengths of
 * time in a zone. Only names in the database are added, so that there are some 600 at most.
 */
const ZONES = new Map<string, Zone>();

function zoneOf(timezone: string): Zone {
  const meant = ZONE_MEANT_BY.get(timezone.toUpperCase());
  if (meant !== undefined) {
    throw unknownZone(timezone, `is an abbreviation and not an IANA time zone (${meant} may be meant)`);
  }
  const name = canonicalName(timezone);
  if (name === null) {
    throw unknownZone(timezone, `is not an IANA time zone${hintFor(timezone)}`);
  }

  const offsetAt = (instant: Instant): number => tzOffset(name, new Date(instant)) * MINUTE;
  // Since 1970 no zone has changed its clock twice within two days, and no offset exceeds a day. So a wall time has either the
  // offset of a day before the wall time (read as UTC), or the offset of a day after it.
  const withBothOffsets = (wall: WallTime) => ({
    later: wall - offsetAt(wall - DAY),
    earlier: wall - offsetAt(wall + DAY),
  });
  return {
    offsetAt,
    instantsOf(wall) {
      const { earlier, later } = withBothOffsets(wall);
      // The clock is not changed within the two days.
      if (earlier === later) return [earlier];
      const instants = earlier < later ? [earlier, later] : [later, earlier];
      return instants.filter((instant) => instant + offsetAt(instant) === wall);
    },
    aroundGap: withBothOffsets,
  };
}

/**
 * Abbreviations that are no zone or link of the database, each with the zone that is likely meant. ICU accepts most of them,
 * and reads some unexpectedly: BST as Bangladesh, ART as Egypt, ECT as Paris. See
 * https://github.com/unicode-org/icu/blob/main/icu4c/source/tools/tzcode/icuzones
 */
const ZONE_MEANT_BY: ReadonlyMap<string, string> = new Map([
  ["ACT", "Australia/Darwin"],
  ["AEDT", "Australia/Sydney"],
  ["AEST", "Australia/Sydney"],
  ["AET", "Australia/Sydney"],
  ["AGT", "America/Argentina/Buenos_Aires"],
  ["ART", "America/Argentina/Buenos_Aires"],
  ["AST", "America/Halifax"],
  ["BET", "America/Sao_Paulo"],
  ["BST", "Europe/London"],
  ["CAT", "Africa/Maputo"],
  ["CDT", "America/Chicago"],
  ["CEST", "Europe/Berlin"],
  ["CNT", "America/St_Johns"],
  ["CST", "America/Chicago"],
  ["CTT", "Asia/Shanghai"],
  ["EAT", "Africa/Nairobi"],
  ["ECT", "America/Guayaquil"],
  ["EDT", "America/New_York"],
  ["IET", "America/Indiana/Indianapolis"],
  ["IST", "Asia/Kolkata"],
  ["JST", "Asia/Tokyo"],
  ["MDT", "America/Denver"],
  ["MIT", "Pacific/Apia"],
  ["MSK", "Europe/Moscow"],
  ["NET", "Asia/Yerevan"],
  ["NST", "America/St_Johns"],
  ["NZDT", "Pacific/Auckland"],
  ["NZST", "Pacific/Auckland"],
  ["PDT", "America/Los_Angeles"],
  ["PLT", "Asia/Karachi"],
  ["PNT", "America/Phoenix"],
  ["PRT", "America/Puerto_Rico"],
  ["PST", "America/Los_Angeles"],
  ["SST", "Pacific/Pago_Pago"],
  ["VST", "Asia/Ho_Chi_Minh"],
]);

/** The zones without daylight saving time at offsets that are no whole hours. */
const ZONES_AT_MINUTES: ReadonlyMap<number, string> = new Map([
  [-570, "Pacific/Marquesas"],
  [210, "Asia/Tehran"],
  [270, "Asia/Kabul"],
  [330, "Asia/Kolkata"],
  [345, "Asia/Kathmandu"],
  [390, "Asia/Yangon"],
  [525, "Australia/Eucla"],
  [570, "Australia/Darwin"],
]);

function hintFor(text: string): string {
  const atOffset = zoneAtOffset(text);
  if (atOffset !== null) return ` (${atOffset} has this offset all year)`;
  const ofPlace = zoneOfPlace(text);
  return ofPlace === null ? "" : ` (${ofPlace} may be meant)`;
}

/** @returns the zone that is meant by `UTC+2`, `GMT-05:30` or `+0900`, or null. In names of Etc/ the signs are reversed. */
function zoneAtOffset(text: string): string | null {
  const [, sign, hours = "", minutes = "0"] = /^(?:UTC|GMT|Z)?\s*([+-])(\d{1,2}?):?(\d\d)?$/i.exec(text) ?? [];
  if (sign === undefined || Number(minutes) > 59) return null;
  const total = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  if (total === 0) return "UTC";
  if (total % 60 !== 0) return ZONES_AT_MINUTES.get(total) ?? null;
  const ahead = total / 60;
  if (ahead < -12 || ahead > 14) return null;
  return `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

/** @returns the zone that is meant by `Berlin` or `new york`, or null. */
function zoneOfPlace(text: string): string | null {
  const end = `/${text.trim().replaceAll(" ", "_")}`.toLowerCase();
  return Intl.supportedValuesOf("timeZone").find((zone) => zone.toLowerCase().endsWith(end)) ?? null;
}

function unknownZone(timezone: string, problem: string): ArgumentError {
  const expected = "a name of the IANA time zone database, such as Europe/London or UTC";
  return new ArgumentError("unknown-timezone", { field: "timezone", value: timezone, problem, expected });
}

/**
 * @returns the runtime's own spelling of the name, or null for an unknown zone. `tzOffset` caches a formatter per name, so
 *   one spelling per zone keeps that cache small.
 */
function canonicalName(timezone: string): string | null {
  // Newer runtimes accept offsets such as "+09:00" too, and ICU has a family of its own named SystemV/. Neither are names in
  // the database.
  if (!/^(?!SystemV\/)[A-Za-z]/i.test(timezone)) return null;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: timezone }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
