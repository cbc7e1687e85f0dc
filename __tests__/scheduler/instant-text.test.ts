import { expect, test } from "@jest/globals";
import { toIso } from "../../src/scheduler/instant.ts";
import { parseInstantOrDate } from "../../src/scheduler/instant-text.ts";

test.each([
  ["2026-11-24T09:00:00+09:00", "Europe/London", "2026-11-24T00:00:00.000Z"],
  ["2026-11-01", "UTC", "2026-11-01T00:00:00.000Z"],
  ["2026-11-01", "Asia/Tokyo", "2026-10-31T15:00:00.000Z"],
  ["2026-11-01", "America/New_York", "2026-11-01T04:00:00.000Z"],
  // Clocks went from 0:00 to 1:00.
  ["2024-09-08", "America/Santiago", "2024-09-08T04:00:00.000Z"],
  ["2024-03-31", "Asia/Beirut", "2024-03-30T22:00:00.000Z"],
  // Clocks went from 23:30 to 0:30.
  ["1919-03-31", "America/Toronto", "1919-03-31T04:30:00.000Z"],
  // Clocks went from 1:00 back to 0:00, so that midnight came twice.
  ["2024-11-03", "America/Havana", "2024-11-03T04:00:00.000Z"],
  // Clocks went from 0:00 back to 23:00 of the day before.
  ["2024-04-07", "America/Santiago", "2024-04-07T04:00:00.000Z"],
  // The zone skipped the day.
  ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
])("%s in %s is %s", (text, timezone, instant) => {
  expect(toIso(parseInstantOrDate("startsAt", text, timezone))).toBe(instant);
});

test.each(["2026-02-30", "0000-01-01"])("refuses %j since that date does not exist", (text) => {
  expect(() => parseInstantOrDate("startsAt", text, "UTC")).toThrow(/^startsAt .* does not exist$/);
});

test.each(["2026-11", "2026-11-24T00:00", "tomorrow", "20261124", ""])("refuses %j", (text) => {
  expect(() => parseInstantOrDate("startsAt", text, "UTC")).toThrow(/^startsAt .* is neither an instant nor a date$/);
});
