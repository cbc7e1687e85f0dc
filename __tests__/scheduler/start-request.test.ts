import { describe, expect, test } from "@jest/globals";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { DAY, HOUR } from "../../src/scheduler/instant.ts";
import { prepareStart, type StartRequest } from "../../src/scheduler/start-request.ts";

const request = (changed: object): StartRequest => ({ jobName: "report", jobInterval: HOUR, ...changed });
const NOON = Date.parse("2026-03-04T12:00:00Z");

describe("a request is refused with", () => {
  test.each<[object, ...string[]]>([
    // Intervals.
    [{ jobInterval: 0 }, "The interval is 0", "longer than 0"],
    [{ jobInterval: -1 }, "The interval is -1", "longer than 0"],
    [{ jobInterval: 1.5 }, "The interval is 1.5", "whole number of milliseconds"],
    [{ jobInterval: Number.NaN }, "The interval is NaN", "whole number"],
    [{ jobInterval: Number.POSITIVE_INFINITY }, "The interval is Infinity", "whole number"],
    [{ jobInterval: 1001 * 366 * DAY }, "1000 years"],
    [{ jobInterval: null }, "The interval is null", "milliseconds or an object"],
    [{ jobInterval: undefined }, "The interval is undefined", "a cron expression, milliseconds or an object"],
    [{ jobInterval: [1] }, "The interval is [1]", "milliseconds or an object"],
    [{ jobInterval: true }, "The interval is true", "milliseconds or an object"],
    [{ jobInterval: {} }, "The interval is {}", "at least one of years, months"],
    [{ jobInterval: { hours: undefined } }, "at least one of years, months"],
    [{ jobInterval: { hours: 0 } }, '{"hours":0}', "longer than 0"],
    [{ jobInterval: { hours: -1 } }, '{"hours":-1}', "hours can't be negative"],
    [{ jobInterval: { days: 1, hours: -1 } }, "hours can't be negative"],
    [{ jobInterval: { hours: 1.5 } }, '{"hours":1.5}', "hours has to be a whole number"],
    [{ jobInterval: { hours: "1" } }, '{"hours":"1"}', "hours has to be a whole number"],
    [{ jobInterval: { hours: null } }, "hours has to be a whole number"],
    [{ jobInterval: { fortnights: 1 } }, '"fortnights" is none of years, months', "seconds"],
    [{ jobInterval: { constructor: 1 } }, '"constructor" is none of'],
    [{ jobInterval: { years: 1001 } }, "1000 years"],
    [{ jobInterval: { years: 999, months: 24 } }, "1000 years"],
    [{ jobInterval: { seconds: 1e300 } }, "1000 years"],
    [{ jobInterval: "sometimes" }, '"sometimes"', "5 fields"],
    [{ jobInterval: "0 0 30 2 *" }, '"0 0 30 2 *"', "no date matches"],
    // Waits.
    [{ startBuffer: -1 }, "The start buffer is -1", "can't be negative"],
    [{ startBuffer: 0.5 }, "The start buffer is 0.5", "whole number"],
    [{ startBuffer: { minutes: -5 } }, "The start buffer", "minutes can't be negative"],
    [{ startBuffer: { years: 2000 } }, "The start buffer", "1000 years"],
    [{ startBuffer: {} }, "The start buffer is {}", "at least one of years, months"],
    [{ startBuffer: "0 * * * *" }, "The start buffer", "give milliseconds or an object"],
    [{ retryInterval: -1 }, "The retry interval is -1", "can't be negative"],
    [{ retryInterval: Number.NaN }, "The retry interval is NaN", "whole number"],
    [{ retryInterval: { moons: 1 } }, "The retry interval", '"moons" is none of'],
    [{ retryInterval: "PT1H" }, "The retry interval", "milliseconds or an object"],
    // Zones.
    [{ timezone: "Mars/Olympus" }, '"Mars/Olympus" is unknown', "Europe/London"],
    [{ timezone: "+09:00" }, '"+09:00" is unknown', "IANA"],
    [{ timezone: "-05:00", jobInterval: "0 * * * *" }, '"-05:00" is unknown'],
    [{ timezone: "GMT+1" }, '"GMT+1" is unknown'],
    [{ timezone: "" }, '"" is unknown'],
    [{ timezone: " Europe/London" }, '" Europe/London" is unknown'],
    // Names.
    [{ jobName: "" }, "name is empty"],
    [{ jobName: "n".repeat(256) }, "256 characters", "at most 255"],
    [{ jobName: "⏰".repeat(256) }, "256 characters"],
    [{ jobName: "report \ud83d" }, "isn't well-formed Unicode"],
    [{ requiredJobNames: ["before", ""] }, "name is empty"],
    [{ requiredJobNames: ["n".repeat(256)] }, "at most 255"],
    [{ requiredJobNames: ["\udc00"] }, "isn't well-formed Unicode"],
    [{ requiredJobNames: ["before", "report"] }, '"report" requires itself'],
    // A chosen interval.
    [{ jobIntervalStartedAt: NOON }, "without no-lock"],
    [{ jobIntervalStartedAt: NOON, noLock: false }, "without no-lock"],
    [{ jobIntervalStartedAt: 1.5, noLock: true }, "not an instant"],
    [{ jobIntervalStartedAt: Number.NaN, noLock: true }, "not an instant"],
    [{ jobIntervalStartedAt: 1e18, noLock: true }, "not an instant"],
    [{ jobIntervalStartedAt: -8.64e15, noLock: true, jobInterval: "0 * * * *" }, "not an instant"],
  ])("%j: %s", async (changed, ...words) => {
    const prepared = prepareStart(request(changed));
    await expect(prepared).rejects.toThrow(ArgumentError);
    for (const word of words) await expect(prepared).rejects.toThrow(word);
  });
});

describe("a request is accepted with", () => {
  test.each([
    [{ jobInterval: 1 }],
    [{ jobInterval: 1000 * 366 * DAY }],
    [{ jobInterval: { years: 1000 } }],
    [{ jobInterval: { hours: 0, minutes: 1, days: undefined } }],
    [{ jobInterval: "@daily", timezone: "america/new_york" }],
    [{ jobName: "⏰".repeat(255) }],
    [{ jobName: "../a b/ü.lock" }],
    [{ jobName: " " }],
    [{ startBuffer: 0, retryInterval: { minutes: 0 } }],
    [{ startBuffer: { days: 1 }, retryInterval: 1 }],
    [{ noLock: true, jobIntervalStartedAt: NOON }],
  ])("%j", async (changed) => {
    await expect(prepareStart(request(changed))).resolves.toMatchObject({ jobName: expect.any(String) });
  });

  test("only a name and an interval: no start buffer, no takeover, no required jobs, in UTC", async () => {
    const prepared = await prepareStart(request({ jobInterval: { days: 1 } }));
    expect(prepared).toMatchObject({
      retryInterval: null,
      requiredJobNames: [],
      noLock: false,
      jobIntervalStartedAt: null,
    });
    expect(prepared.startBuffer.before(NOON)).toBe(NOON);
    expect(prepared.schedule.next(NOON)).toBe(NOON + DAY);
  });

  test("a retry interval of 0, which differs from none", async () => {
    const { retryInterval } = await prepareStart(request({ retryInterval: 0 }));
    expect(retryInterval?.before(NOON)).toBe(NOON);
  });

  test("a job that is required twice, which then counts once", async () => {
    const { requiredJobNames } = await prepareStart(request({ requiredJobNames: ["a", "b", "a"] }));
    expect(requiredJobNames).toEqual(["a", "b"]);
  });

  test("an interval of 1000 years, whose boundaries stay within the years 1 to 9999", async () => {
    const { schedule } = await prepareStart(request({ jobInterval: { years: 1000 } }));
    expect(schedule.next(Date.parse("8999-12-31T23:59:59.999Z"))).toBe(Date.parse("9999-12-31T23:59:59.999Z"));
    expect(() => schedule.next(Date.parse("9000-01-01T00:00:00Z"))).toThrow(ArgumentError);
    expect(() => schedule.previous(Date.parse("1000-12-31T23:59:59.999Z"))).toThrow(/years 1 to 9999/);
  });
});
