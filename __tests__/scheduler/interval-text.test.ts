import { describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { parseInterval, parseLength } from "../../src/scheduler/interval-text.ts";

describe("an interval can be written as", () => {
  test.each([
    ["a cron expression", "0 * * * *", "0 * * * *"],
    ["a cron nickname", "@daily", "@daily"],
    ["milliseconds", "3600000", 3_600_000],
    ["milliseconds with a unit", "500 ms", 500],
    ["milliseconds with a unit in full", "1500milliseconds", 1500],
    ["an ISO 8601 duration", "PT1H30M", { hours: 1, minutes: 30 }],
    [
      "an ISO 8601 duration of every unit",
      "P1Y2M3W4DT5H6M7S",
      { years: 1, months: 2, weeks: 3, days: 4, hours: 5, minutes: 6, seconds: 7 },
    ],
    ["a plain duration", "90 minutes", { minutes: 90 }],
    ["a plain duration of several units", "1 day, 2 hrs and 30m", { days: 1, hours: 2, minutes: 30 }],
    ["a JSON object", '{"hours":1}', { hours: 1 }],
    ["a YAML object", "{ hours: 1, }", { hours: 1 }],
  ])("%s: %j", (_, text, interval) => {
    expect(parseInterval("jobInterval", text)).toEqual(interval);
  });
});

describe("an interval is refused that is", () => {
  test.each([
    ["a single word", "hourly", '"hourly" is not an interval: use "@hourly"'],
    ["0", "0", "has no length: use an interval longer than 0"],
    ["a fraction", "1.5 hours", "has 1.5 hours, which is not a whole number"],
    ["negative", "-PT1H", '"-PT1H" is negative: use a duration without a minus sign'],
    ["an ISO 8601 duration out of order", "P1H", "is not an ISO 8601 duration: use PT1H, with a T before the time"],
    ["an object without an end", "{ hours: 1", "is not a well-formed object: use whole milliseconds"],
    ["an ISO 8601 duration without its T", "P30M10S", "is not an ISO 8601 duration: use PT30M10S, with a T"],
    [
      "a word that is none",
      "often",
      '"often" is not an interval: use a cron expression (0 * * * *), whole milliseconds',
    ],
    ["of an unknown unit", "5 fortnights", 'unknown unit "fortnights": use one of years, months'],
    [
      "in milliseconds and another unit",
      "1s 500 ms",
      "has milliseconds beside other units, or a fraction of a millisecond",
    ],
    ["a part of a millisecond", "0.5 ms", "use whole milliseconds alone, such as 1500 ms"],
    ["of no milliseconds", "0 ms", "has no length: use an interval longer than 0"],
    ["a unit without a number", "hour", '"hour" is not an interval: use "1 hour"'],
    ["a fraction", "1.5 hours", 'has 1.5 hours, which is not a whole number: use "90 minutes"'],
    [
      "a fraction beside another unit",
      "1 hour 0.5 minutes",
      'has 0.5 minutes, which is not a whole number: use "1 hour 30 seconds"',
    ],
    ["a fraction in ISO 8601", "P0.5D", 'has 0.5 days, which is not a whole number: use "12 hours"'],
    ["a fraction of a year", "{ years: 1.5 }", 'use "18 months"'],
    ["a fraction of a month", "1.5 months", "use a whole number of months"],
  ])("%s: %j", (_, text, why) => {
    const error = thrownBy(() => parseInterval("jobInterval", text));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(actionMessage(error)).toContain(`job-interval ${JSON.stringify(text)} `);
    expect(actionMessage(error)).toContain(why);
  });
});

test("a length of time may be 0, and is no cron expression", () => {
  expect(parseLength("startBuffer", "0")).toBe(0);
  expect(parseLength("startBuffer", "5 minutes")).toEqual({ minutes: 5 });
  expect(actionMessage(thrownBy(() => parseLength("startBuffer", "0 * * * *")))).toContain(
    'start-buffer "0 * * * *" is not a length of time: use whole milliseconds (3600000)',
  );
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
