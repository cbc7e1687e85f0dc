import { describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
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
    expect(parseInterval("jobInterval", text)).toEqual(interval);
  });
});

describe("an interval is refused that is", () => {
  test.each([
    ["a single word", "hourly", '"hourly" is not an interval: use a cron expression (0 * * * *), whole milliseconds'],
    ["0", "0", "is 0: use an interval longer than 0"],
    ["a fraction", "1.5 hours", "hours that are not a whole number"],
    ["negative", "-PT1H", '"-PT1H" is negative: use whole milliseconds'],
    ["an ISO 8601 duration out of order", "P1H", "is not an ISO 8601 duration: use whole milliseconds"],
    ["an object without an end", "{ hours: 1", "is not an object: use whole milliseconds"],
    ["of an unknown unit", "500 ms", 'unknown unit "ms": use years, months'],
  ])("%s: %j", (_, text, why) => {
    const error = thrownBy(() => parseInterval("jobInterval", text));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(actionMessage(error)).toContain(`job-interval ${JSON.stringify(text)} `);
    expect(actionMessage(error)).toContain(why);
  });
});

test("a wait may be 0, and is no cron expression", () => {
  expect(parseWait("startBuffer", "0")).toBe(0);
  expect(parseWait("startBuffer", "5 minutes")).toEqual({ minutes: 5 });
  expect(actionMessage(thrownBy(() => parseWait("startBuffer", "0 * * * *")))).toContain(
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
