import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Instant, isIso, parseInstant, toIso } from "../../src/scheduler/instant.ts";

test.each([
  ["2026-11-24T00:29:32.532Z", "2026-11-24T00:29:32.532Z"],
  ["2026-11-24T00:29:32Z", "2026-11-24T00:29:32.000Z"],
  ["2026-11-24T00:29:32.5Z", "2026-11-24T00:29:32.500Z"],
  ["2026-11-24T00:29Z", "2026-11-24T00:29:00.000Z"],
  ["2026-11-24t00:29:32z", "2026-11-24T00:29:32.000Z"],
  ["2026-11-24T09:00:00+09:00", "2026-11-24T00:00:00.000Z"],
  ["2026-11-23T19:30:00.250-04:30", "2026-11-24T00:00:00.250Z"],
  ["2026-11-24T00:00:00-00:00", "2026-11-24T00:00:00.000Z"],
  ["2028-02-29T23:59:59.999Z", "2028-02-29T23:59:59.999Z"],
  ["2028-03-01T00:30:00+01:00", "2028-02-29T23:30:00.000Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
])("parseInstant reads %s as %s", (text, iso) => {
  expect(toIso(parseInstant(text) as Instant)).toBe(iso);
});

test.each([
  ["no text", ""],
  ["a date without a time", "2026-11-24"],
  ["a time without an offset", "2026-11-24T00:29:32"],
  ["a number", "1790000000000"],
  ["a blank instead of T", "2026-11-24 00:29:32Z"],
  ["blanks around it", " 2026-11-24T00:29:32Z"],
  ["a line break after it", "2026-11-24T00:29:32Z\n"],
  ["words", "Tue, 24 Nov 2026 00:29:32 GMT"],
  ["an offset without a colon", "2026-11-24T00:29:32+0900"],
  ["more than milliseconds", "2026-11-24T00:29:32.5321Z"],
  ["a fraction of a minute", "2026-11-24T00:29.5Z"],
  ["month 13", "2026-13-01T00:00:00Z"],
  ["February 30", "2026-02-30T00:00:00Z"],
  ["February 29 of a common year", "2026-02-29T00:00:00Z"],
  ["February 30 that its offset would move to February 29", "2028-02-30T00:30:00+01:00"],
  ["24:00", "2026-11-24T24:00:00Z"],
  ["24:00 with an offset", "2026-11-24T24:00:00+01:00"],
  ["a leap second", "2016-12-31T23:59:60Z"],
  ["an offset of 24 hours", "2026-11-24T00:00:00+24:00"],
  ["an offset of 60 minutes", "2026-11-24T00:00:00+09:60"],
  ["year 0", "0000-12-31T23:59:59Z"],
  ["an instant before year 1", "0001-01-01T00:00:00+01:00"],
  ["an instant after year 9999", "9999-12-31T23:30:00-01:00"],
  ["a year of six digits", "+012026-11-24T00:00:00Z"],
])("parseInstant refuses %s", (_, text) => {
  expect(parseInstant(text)).toBeNull();
});

test("parseInstant reads every instant that toIso writes", () => {
  const years1To9999 = { min: Date.parse("0001-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59.999Z") };
  fc.assert(
    fc.property(fc.integer(years1To9999), (instant) => {
      expect(parseInstant(toIso(instant))).toBe(instant);
    }),
    { numRuns: 1_000 },
  );
});

const digits = (length: number, max: number) =>
  fc.integer({ min: 0, max }).map((value) => String(value).padStart(length, "0"));

test("isIso accepts what toIso writes, and nothing else", () => {
  const text = fc
    .tuple(digits(4, 9999), digits(2, 13), digits(2, 32), digits(2, 25), digits(2, 61), digits(2, 61), digits(3, 999))
    .map(
      ([year, month, day, hour, minute, second, ms]) => `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`,
    );
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        fc.string(),
        text.map((form) => form.slice(0, -1)),
      ),
      (form) => {
        const instant = parseInstant(form);
        expect(isIso(form)).toBe(instant !== null && toIso(instant) === form);
      },
    ),
    { numRuns: 1_000 },
  );
});

test.each([1900, 2000, 2026, 2028])("isIso accepts each day of %i, and no other", (year) => {
  const written = (part: number) => String(part).padStart(2, "0");
  for (let month = 0; month <= 13; month++) {
    for (let day = 0; day <= 32; day++) {
      const exists = new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1 && month >= 1 && day >= 1;
      const text = `${year}-${written(month)}-${written(day)}T00:00:00.000Z`;
      expect([text, isIso(text)]).toEqual([text, exists]);
    }
  }
});
