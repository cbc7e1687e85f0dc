import { describe, expect, test } from "@jest/globals";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { parseInterval, parseWait } from "../../src/scheduler/interval-text.ts";

describe("an interval can be written as", () => {
  test.each([
    ["a cron expression", "0 * * * *", "0 * * * *"],
    ["a cron nickname", "@daily", "@daily"],
    ["milliseconds", "3600000", 3_600_000],
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
    expect(parseInterval("job-interval", text)).toEqual(interval);
  });
});

describe("an interval is refused that is", () => {
  test.each([
    ["a single word", "hourly", "which is not an interval: give a cron expression (0 * * * *), whole milliseconds"],
    ["0", "0", "longer than 0"],
    ["a fraction", "1.5 hours", "hours has to be a whole number"],
    ["negative", "-PT1H", "it can't be negative"],
    ["an ISO 8601 duration out of order", "P1H", "which is not an ISO 8601 duration: give whole milliseconds"],
    ["an object without an end", "{ hours: 1", "which is not an object: give whole milliseconds"],
    ["of an unknown unit", "500 ms", '"ms" is none of years, months'],
  ])("%s: %j", (_, text, why) => {
    const parse = () => parseInterval("job-interval", text);
    expect(parse).toThrow(ArgumentError);
    expect(parse).toThrow(/^job-interval is /);
    expect(parse).toThrow(why);
  });
});

test("a wait may be 0, and is no cron expression", () => {
  expect(parseWait("start-buffer", "0")).toBe(0);
  expect(parseWait("start-buffer", "5 minutes")).toEqual({ minutes: 5 });
  expect(() => parseWait("start-buffer", "0 * * * *")).toThrow(
    'start-buffer is "0 * * * *", which is not a length of time: give whole milliseconds (3600000)',
  );
});
