import { ArgumentError } from "../errors/argument-error.ts";
import type { Location } from "../location/location.ts";
import type { Instant } from "../scheduler/instant.ts";
import { isDate, parseInstantOrDate } from "../scheduler/instant-text.ts";

interface StartsAt {
  /** Undefined: the start has no time zone. */
  readonly timezone: string | undefined;
  readonly location: Location;
  /** The front end's name of the time zone, for messages: `--timezone`. */
  readonly timezoneName: string;
}

/**
 * @param field The name of the argument, for messages.
 * @returns the start of a job's first interval.
 * @throws ArgumentError
 */
export function parseStartsAt(field: string, text: string, { timezone, location, timezoneName }: StartsAt): Instant {
  // A server has a time zone of its own for starts without one, which its callers do not know.
  if (timezone === undefined && location.kind === "server" && isDate(text)) {
    throw new ArgumentError("invalid-instant", {
      field,
      value: text,
      problem: `is a date, and without ${timezoneName} only the server knows in which time zone`,
      expected: `an instant such as 2026-11-24T00:00:00Z, or set ${timezoneName} too`,
    });
  }
  return parseInstantOrDate(field, text, timezone ?? "UTC");
}
