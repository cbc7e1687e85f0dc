import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { DAY, HOUR, type Instant, MINUTE, SECOND } from "../../src/scheduler/instant.ts";
import type { JobInterval } from "../../src/scheduler/schedule.ts";

/** Time zones whose clocks change in different ways. */
export const ZONES = [
  "UTC",
  "America/New_York",
  "Europe/London",
  // Its clocks change by half an hour.
  "Australia/Lord_Howe",
  // Its clocks changed at midnight.
  "America/Sao_Paulo",
  // It skipped 30 December 2011.
  "Pacific/Apia",
  // Its clocks are set back for Ramadan.
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "America/St_Johns",
  // It is at UTC in summer and behind UTC in winter.
  "Atlantic/Azores",
  "Pacific/Chatham",
  // Their clocks change by two hours, and by three.
  "Antarctica/Troll",
  "Antarctica/Casey",
] as const;

const FROM = Date.parse("2008-01-01T00:00:00Z");
const TO = Date.parse("2036-01-01T00:00:00Z");

export interface ClockChange {
  readonly zone: string;
  /** The first instant with the new offset. */
  readonly at: Instant;
  /** Milliseconds that the clocks are set forward; negative if they are set back. */
  readonly by: number;
}

export function zoned(instant: Instant, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
}

function changesIn(zone: string): ClockChange[] {
  const changes: ClockChange[] = [];
  let next = zoned(FROM, zone).getTimeZoneTransition("next");
  for (; next !== null && next.epochMilliseconds < TO; next = next.getTimeZoneTransition("next")) {
    const at = next.epochMilliseconds;
    changes.push({ zone, at, by: (next.offsetNanoseconds - zoned(at - 1, zone).offsetNanoseconds) / 1e6 });
  }
  return changes;
}

export const CLOCK_CHANGES: readonly ClockChange[] = ZONES.flatMap(changesIn);

/** A zone and an instant. Most instants are within days, hours or milliseconds of a clock change in that zone. */
export const zoneAndInstant: fc.Arbitrary<{ zone: string; instant: Instant }> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ zone: fc.constantFrom(...ZONES), instant: fc.integer({ min: FROM, max: TO }) }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...CLOCK_CHANGES),
        fc.constantFrom(0, -30, -7, -1, 1, 7, 31),
        fc.integer({ min: -26 * 4, max: 26 * 4 }),
        fc.constantFrom(0, -1, 1, SECOND, MINUTE),
      )
      .map(([{ zone, at }, days, quarters, more]) => ({
        zone,
        instant: at + days * DAY + quarters * 15 * MINUTE + more,
      })),
  },
);

/** A duration with any set of fields, at least one of them above 0. */
export const duration = fc
  .record(
    {
      years: fc.nat(3),
      months: fc.nat(25),
      weeks: fc.nat(5),
      days: fc.nat(40),
      hours: fc.nat(50),
      minutes: fc.nat(200),
      seconds: fc.nat(4000),
    },
    { requiredKeys: [] },
  )
  .filter((fields) => Object.values(fields).some((value) => value > 0));

const CRONS = [
  "* * * * *",
  "0 * * * *",
  "15,45 * * * *",
  "*/20 1-2 * * *",
  "30 2 * * *",
  "30 1 * * *",
  "0 0 * * *",
  "0 */2 * * *",
  "0 0 * * mon-fri",
  "0 0 L * *",
  "0 9 * * 1#2",
  "0 0 29 2 *",
  "@yearly",
  "*/7 * * * * *",
] as const;

export const anyInterval: fc.Arbitrary<JobInterval> = fc.oneof(
  fc.constantFrom(...CRONS),
  fc.integer({ min: 1, max: 400 * DAY }),
  fc.constantFrom(1, HOUR, DAY),
  duration,
  fc.constantFrom({ days: 1 }, { months: 1 }, { years: 1 }),
);
