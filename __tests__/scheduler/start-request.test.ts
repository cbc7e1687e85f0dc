import { describe, expect, test } from "@jest/globals";
import { clientMessage } from "../../src/client/remedies.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { DAY, HOUR, toIso } from "../../src/scheduler/instant.ts";
import { prepareStart, type StartRequest } from "../../src/scheduler/start-request.ts";

const request = (changed: object): StartRequest => ({ jobName: "report", jobInterval: HOUR, ...changed });
const NOON = Date.parse("2026-03-04T12:00:00Z");

describe("a request is refused with", () => {
  test.each<[object, ...string[]]>([
    // Intervals.
    [{ jobInterval: 0 }, "jobInterval 0 has no length", "longer than 0"],
    [{ jobInterval: -1 }, "jobInterval -1 is negative", "longer than 0"],
    [{ jobInterval: 1.5 }, "jobInterval 1.5 is not a whole number", "whole milliseconds"],
    [{ jobInterval: Number.NaN }, "jobInterval NaN", "whole number"],
    [{ jobInterval: Number.POSITIVE_INFINITY }, "jobInterval Infinity", "whole number"],
    [{ jobInterval: 1001 * 366 * DAY }, "1000 years"],
    [{ jobInterval: null }, "jobInterval null is not a length", "milliseconds, or an object"],
    [{ jobInterval: undefined }, "jobInterval is missing", "a cron expression, whole milliseconds, or an object"],
    [{ jobInterval: [1] }, "jobInterval [1] is not a length", "milliseconds, or an object"],
    [{ jobInterval: true }, "jobInterval true is not a length", "milliseconds, or an object"],
    [{ jobInterval: {} }, "jobInterval {}", "at least one of years, months"],
    [{ jobInterval: { hours: undefined } }, "at least one of years, months"],
    [{ jobInterval: { hours: 0 } }, '{"hours":0}', "longer than 0"],
    [{ jobInterval: { hours: -1 } }, '{"hours":-1}', "has -1 hours, which is negative", "0 hours or more"],
    [{ jobInterval: { days: 1, hours: -1 } }, "has -1 hours, which is negative", "0 hours or more"],
    [{ jobInterval: { hours: 1.5 } }, '{"hours":1.5}', "has 1.5 hours, which is not a whole number"],
    [{ jobInterval: { hours: "1" } }, '{"hours":"1"}', 'has "1" hours, which is not a whole number'],
    [{ jobInterval: { hours: null } }, "has null hours, which is not a whole number"],
    [{ jobInterval: { fortnights: 1 } }, 'unknown field "fortnights": pass one of years, months', "seconds"],
    [{ jobInterval: { constructor: 1 } }, 'unknown field "constructor"'],
    [{ jobInterval: { years: 1001 } }, "1000 years"],
    [{ jobInterval: { years: 999, months: 24 } }, "1000 years"],
    [{ jobInterval: { seconds: 1e300 } }, "1000 years"],
    [{ jobInterval: "sometimes" }, '"sometimes"', "5 fields"],
    [{ jobInterval: "0 0 30 2 *" }, '"0 0 30 2 *"', "it matches no date"],
    // Waits.
    [{ startBuffer: -1 }, "startBuffer -1 is negative", "0 or more"],
    [{ startBuffer: 0.5 }, "startBuffer 0.5", "whole number"],
    [{ startBuffer: { minutes: -5 } }, "startBuffer", "has -5 minutes, which is negative", "0 minutes or more"],
    [{ startBuffer: { years: 2000 } }, "startBuffer", "1000 years"],
    [{ startBuffer: {} }, "startBuffer {}", "at least one of years, months"],
    [{ startBuffer: "0 * * * *" }, 'startBuffer "0 * * * *"', "pass whole milliseconds, or an object"],
    [{ retryInterval: -1 }, "retryInterval -1 is negative", "0 or more"],
    [{ retryInterval: Number.NaN }, "retryInterval NaN", "whole number"],
    [{ retryInterval: { moons: 1 } }, "retryInterval", 'unknown field "moons": pass one of years'],
    [{ retryInterval: "PT1H" }, 'retryInterval "PT1H"', "pass whole milliseconds, or an object"],
    // Zones.
    [{ timezone: "Mars/Olympus" }, '"Mars/Olympus" is not an IANA time zone', "Europe/London"],
    [{ timezone: "+09:00" }, '"+09:00" is not an IANA time zone', "IANA"],
    [{ timezone: "-05:00", jobInterval: "0 * * * *" }, '"-05:00" is not an IANA time zone'],
    [{ timezone: "GMT+1" }, '"GMT+1" is not an IANA time zone (Etc/GMT-1 has this offset all year)'],
    [{ timezone: "UTC+2" }, "Etc/GMT-2 has"],
    [{ timezone: "utc-05:00" }, "Etc/GMT+5 has"],
    [{ timezone: "+0530" }, "Asia/Kolkata has"],
    [{ timezone: "UTC+0" }, "(UTC has"],
    [{ timezone: "UTC+15" }, '"UTC+15" is not an IANA time zone: pass'],
    [{ timezone: "" }, '"" is not an IANA time zone'],
    [{ timezone: " Europe/London" }, '" Europe/London" is not an IANA time zone'],
    // Names.
    [{ jobName: "" }, '"" is empty'],
    [{ jobName: "n".repeat(256) }, "256 characters", "1 to 255 characters"],
    [{ jobName: "⏰".repeat(256) }, "256 characters"],
    [{ jobName: "report \ud83d" }, "is not well-formed Unicode"],
    [{ requiredJobNames: ["before", ""] }, '"" is empty'],
    [{ requiredJobNames: ["n".repeat(256)] }, "requiredJobNames", "256 characters", "1 to 255 characters"],
    [{ requiredJobNames: ["\udc00"] }, "is not well-formed Unicode"],
    [{ requiredJobNames: ["before", "report"] }, 'requiredJobNames "report" names the job itself'],
    // A chosen interval.
    [{ jobIntervalStartedAt: NOON }, `jobIntervalStartedAt "${toIso(NOON)}"`, "set noLock to true"],
    [{ jobIntervalStartedAt: NOON, noLock: false }, `jobIntervalStartedAt "${toIso(NOON)}"`, "set noLock to true"],
    [{ jobIntervalStartedAt: 1.5, noLock: true }, "1.5 is not an instant", "within the years 1 to 9999"],
    [{ jobIntervalStartedAt: Number.NaN, noLock: true }, "not an instant"],
    [{ jobIntervalStartedAt: 1e18, noLock: true }, "not an instant"],
    [{ jobIntervalStartedAt: -8.64e15, noLock: true, jobInterval: "0 * * * *" }, "not an instant"],
    [
      { jobIntervalStartedAt: NOON, noLock: true, startsAt: NOON },
      `startsAt "${toIso(NOON)}" has no meaning for a start that chooses its interval`,
      "leave it out",
    ],
    [{ jobIntervalStartedAt: NOON, noLock: true, catchUp: "each" }, 'catchUp "each" has no meaning', "leave it out"],
    [{ jobIntervalStartedAt: Date.parse("9999-12-31T23:30Z"), noLock: true }, "beyond the years 1 to 9999"],
    // A first interval.
    [{ startsAt: Number.NaN }, "startsAt NaN is not an instant", "within the years 1 to 9999"],
    [{ startsAt: 1.5 }, "startsAt 1.5 is not an instant"],
    [{ startsAt: Date.parse("0001-01-01T00:00Z") - 1 }, "is not an instant"],
    [{ startsAt: Date.parse("9999-12-31T23:59:59.999Z") + 1 }, "is not an instant"],
    [{ startsAt: Date.parse("9999-12-31T23:30Z") }, "beyond the years 1 to 9999"],
    [{ startsAt: Date.parse("9999-12-31T23:30Z"), jobInterval: "0 * * * *" }, "beyond the years 1 to 9999"],
    // Catching up.
    [{ catchUp: "all" }, 'catchUp "all" is not a word that it takes', "one of each, merge, latest"],
    [{ catchUp: "" }, 'catchUp ""', "one of each, merge, latest"],
    [{ catchUp: null }, "catchUp null", "one of each, merge, latest"],
    // A takeover.
    [{ takeOver: { id: "", updatedAt: NOON } }, "takeOver", "is not the id of a lock"],
    [{ takeOver: { id: "lock-1", updatedAt: 1e18 } }, "takeOver", "is not an instant"],
  ])("%j: %s", async (changed, ...words) => {
    const error = await prepareStart(request(changed)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ArgumentError);
    for (const word of words) expect(clientMessage(error)).toContain(word);
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
    [{ startsAt: Date.parse("0001-01-01T00:00Z"), catchUp: "merge" }],
    [{ startsAt: NOON, catchUp: "latest", takeOver: { id: "lock-1", updatedAt: NOON } }],
    [{ catchUp: "each", noLock: true }],
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
      startsAt: null,
      catchUp: "each",
      takeOver: null,
      recorded: { jobInterval: { days: 1 }, timezone: "UTC", startBuffer: 0, requiredJobNames: [] },
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
