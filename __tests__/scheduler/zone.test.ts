import { expect, test } from "@jest/globals";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { zoneNamed } from "../../src/scheduler/zone.ts";

test("upper and lower case name the same zone, which is cached once", () => {
  const { DateTimeFormat } = Intl;
  let cached = 0;
  class Counted extends DateTimeFormat {
    constructor(locale?: string, options?: Intl.DateTimeFormatOptions) {
      super(locale, options);
      if (options?.timeZoneName !== undefined) cached++;
    }
  }
  Object.assign(Intl, { DateTimeFormat: Counted });
  try {
    const noon = Date.parse("2026-06-24T12:00:00Z");
    // No other test names this zone: the test files of a worker share the cache.
    const spelled = ["Indian/Cocos", "indian/cocos", "INDIAN/COCOS", "iNDIAN/cOCOS", "Indian/COCOS"];
    const offsets = spelled.map((name) => zoneNamed(name).offsetAt(noon));
    expect(new Set(offsets)).toEqual(new Set([6.5 * 3_600_000]));
    expect(cached).toBe(1);
  } finally {
    Object.assign(Intl, { DateTimeFormat });
  }
});

test("a zone that was named before gives no name to others that are equal in upper case only", () => {
  expect(zoneNamed("Asia/Kathmandu").offsetAt(0)).toBe(5.5 * 3_600_000);
  for (const name of ["Aſia/Kathmandu", "Aſıa/Kathmandu", "ASıA/KATHMANDU"]) {
    expect(() => zoneNamed(name)).toThrow(ArgumentError);
  }
});

test("of all names of three letters, those of the IANA database are zones", () => {
  const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const names = LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.map((c) => a + b + c)));
  // See https://data.iana.org/time-zones/tzdb/backward
  const iana = ["CET", "EET", "EST", "GMT", "HST", "MET", "MST", "PRC", "ROC", "ROK", "UCT", "UTC", "WET"];
  expect(names.filter(isZone)).toEqual(iana);
});

test.each([
  ...[
    "Etc/GMT+5",
    "Etc/UTC",
    "EST5EDT",
    "CST6CDT",
    "MST7MDT",
    "PST8PDT",
    "GMT0",
    "GMT-0",
    "NZ",
    "NZ-CHAT",
    "GB",
    "W-SU",
  ],
  ...["Asia/Kolkata", "Asia/Calcutta", "US/Pacific", "Europe/Kyiv", "Europe/Kiev", "Zulu", "Cuba", "Eire", "utc"],
])("%s is a zone", (name) => {
  expect(isZone(name)).toBe(true);
});

test.each([
  ["BST", "Europe/London"],
  ["bst", "Europe/London"],
  ["IST", "Asia/Kolkata"],
  ["CST", "America/Chicago"],
  ["PST", "America/Los_Angeles"],
  ["CEST", "Europe/Berlin"],
  ["EDT", "America/New_York"],
])("%s is refused, with the zone %s that may be meant", (name, meant) => {
  expect(() => zoneNamed(name)).toThrow(ArgumentError);
  expect(() => zoneNamed(name)).toThrow(
    `timezone "${name}" is an abbreviation and not an IANA time zone (${meant} may be meant)`,
  );
  expect(isZone(meant)).toBe(true);
});

test.each(["SystemV/PST8", "systemv/ast4adt", "+09:00", "UTC+1", "", "Europe/Nowhere"])("%j is no zone", (name) => {
  expect(() => zoneNamed(name)).toThrow("is not an IANA time zone");
});

function isZone(name: string): boolean {
  try {
    zoneNamed(name);
    return true;
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
}
