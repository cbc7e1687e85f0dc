import { ArgumentError } from "../errors/argument-error.ts";
import { type Instant, isInstant, parseInstant, toIso } from "./instant.ts";
import { nearestInstant } from "./nearest-instant.ts";
import { type WallTime, type Zone, zoneNamed } from "./zone.ts";

const INSTANTS = "an ISO 8601 instant such as 2026-11-24T00:00:00Z or 2026-11-24T09:00:00+09:00";

/**
 * Parses an instant (`2026-11-24T00:00:00Z`), or a date (`2026-11-24`), which stands for the first instant of that day.
 *
 * @param field The name of the argument, for messages.
 * @param timezone The IANA name of the zone whose wall clock a date is read on.
 * @throws ArgumentError
 */
export function parseInstantOrDate(field: string, text: string, timezone: string): Instant {
  const midnight = midnightOf(text);
  const instant = midnight === null ? parseInstant(text) : startOfDay(midnight, zoneNamed(timezone));
  if (instant !== null && isInstant(instant)) return instant;
  throw new ArgumentError("invalid-instant", {
    field,
    value: text,
    problem: midnight === null && isDate(text) ? "does not exist" : "is neither an instant nor a date",
    expected: utcForm(text) ?? `${INSTANTS}, or a date such as 2026-11-24`,
  });
}

/**
 * Parses an instant.
 *
 * @param field The name of the argument, for messages.
 * @throws ArgumentError for any other text, a date included.
 */
export function parseInstantOnly(field: string, text: string): Instant {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new ArgumentError("invalid-instant", {
    field,
    value: text,
    problem: "is not an instant",
    expected: utcForm(text) ?? INSTANTS,
  });
}

/**
 * @returns the accepted form of an instant that lacks its offset, its T or a colon, of a date, or of milliseconds since 1970.
 *   Null for any other text.
 */
function utcForm(text: string): string | null {
  if (/^\d{13}$/.test(text)) return toIso(Number(text));
  const [, day, time = "00:00:00", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ]?(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?\s*(Z|[+-]\d\d:?\d\d|UTC|GMT)?$/i.exec(text) ?? [];
  const offset = /^[+-]/.test(zone) ? zone.replace(/^(...):?/, "$1:") : "Z";
  const form = `${day}T${time}${offset}`;
  if (day === undefined || form === text || parseInstant(form) === null) return null;
  return `${form}${/^[+-]/.test(zone) ? "" : ", if UTC is meant"}`;
}

/** Whether the text has the form of a date without a time, which needs a time zone to be an instant. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

function midnightOf(text: string): WallTime | null {
  return isDate(text) ? parseInstant(`${text}T00:00Z`) : null;
}

/**
 * @param midnight 0:00 of the day.
 * @returns the first instant at which the wall clock shows that day or, where the zone skipped the whole day, the next one.
 */
function startOfDay(midnight: WallTime, zone: Zone): Instant {
  const [first] = zone.instantsOf(midnight);
  if (first !== undefined) return first;
  // Midnight is in a gap: the day begins where the gap ends, which need not be a full hour.
  const { earlier, later } = zone.aroundGap(midnight);
  return nearestInstant(earlier, later, (instant) => instant + zone.offsetAt(instant) >= midnight);
}
