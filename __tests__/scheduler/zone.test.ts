import { expect, jest, test } from "@jest/globals";
import { zoneNamed } from "../../src/scheduler/zone.ts";

test("upper and lower case name the same zone, which is cached once", () => {
  const formats = jest.spyOn(Intl, "DateTimeFormat");
  try {
    const noon = Date.parse("2026-06-24T12:00:00Z");
    const spelled = ["Asia/Kathmandu", "asia/kathmandu", "ASIA/KATHMANDU", "aSIA/kATHMANDU", "Asia/KATHMANDU"];
    const offsets = spelled.map((name) => zoneNamed(name).offsetAt(noon));
    expect(new Set(offsets)).toEqual(new Set([5.75 * 3_600_000]));
    const kept = formats.mock.calls.filter(([, options]) => options?.timeZoneName !== undefined);
    expect(kept).toHaveLength(1);
  } finally {
    formats.mockRestore();
  }
});
