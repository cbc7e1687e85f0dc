import { expect, test } from "@jest/globals";
import { DAY, HOUR, MINUTE, SECOND, toIso } from "../../../src/scheduler/instant.ts";
import { formatLength } from "../../../src/scheduler/late-text.ts";
import { TimeFormatter } from "../../../src/server/pages/time-formatter.ts";
import { NOON } from "../../../testing/states/states-by-instant.ts";

test.each([
  ["UTC", NOON - 8 * HOUR, "04:00"],
  ["UTC", NOON - 8 * HOUR + 30 * SECOND, "04:00:30"],
  ["UTC", NOON - 13 * HOUR, "23 Nov 23:00"],
  ["UTC", NOON - 365 * DAY, "24 Nov 2025 12:00"],
  ["Asia/Tokyo", NOON - 13 * HOUR, "08:00"],
  ["Asia/Tokyo", NOON + 4 * HOUR, "25 Nov 01:00"],
])("in %s %d is %s", (zone, instant, text) => {
  expect(new TimeFormatter(NOON, zone).instant(instant)).toBe(text);
});

test("an interval has one date, unless it ends on another day", () => {
  const times = new TimeFormatter(NOON, "UTC");
  const interval = (from: number, to: number) => ({ intervalStartedAt: toIso(from), intervalEndedAt: toIso(to) });
  expect(times.interval(interval(NOON - DAY, NOON - DAY + HOUR))).toBe("23 Nov 12:00 to 13:00");
  expect(times.interval(interval(NOON - DAY, NOON))).toBe("23 Nov 12:00 to 24 Nov 12:00");
  expect(times.intervalElement(interval(NOON - HOUR, NOON)).text).toBe(
    '<time datetime="2026-11-24T11:00:00.000Z" title="Tue 24 Nov 2026, 11:00 UTC">11:00</time> to <time datetime="2026-11-24T12:00:00.000Z" title="Tue 24 Nov 2026, 12:00 UTC">12:00</time>',
  );
});

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [MINUTE, "1 min"],
  [59 * MINUTE + 59 * SECOND, "59 min"],
  [HOUR, "1 h"],
  [3 * HOUR + 5 * MINUTE, "3 h 5 min"],
  [DAY + 4 * HOUR, "1 d 4 h"],
  [12 * DAY + 4 * HOUR, "12 d"],
])("%d ms are %s", (ms, text) => {
  expect(formatLength(ms)).toBe(text);
});

test("the age of an instant", () => {
  const times = new TimeFormatter(NOON, "UTC");
  expect([times.ago(NOON - 2 * MINUTE), times.ago(NOON - 1), times.ago(NOON + HOUR)]).toEqual([
    "2 min ago",
    "just now",
    "just now",
  ]);
});

test.each([
  [NOON - 12 * MINUTE, "12 min ago", "Tue 24 Nov 2026, 11:48 UTC"],
  [NOON - 33 * HOUR, "1 d 9 h ago", "Mon 23 Nov 2026, 03:00 UTC"],
  [NOON + 48 * MINUTE + 5 * SECOND, "in 48 min", "Tue 24 Nov 2026, 12:48:05 UTC"],
  [NOON, "just now", "Tue 24 Nov 2026, 12:00 UTC"],
])("a relative time of %d has the whole instant as its title", (instant, text, title) => {
  expect(new TimeFormatter(NOON, "UTC").relativeElement(instant).text).toBe(
    `<time datetime="${toIso(instant)}" title="${title}">${text}</time>`,
  );
});
