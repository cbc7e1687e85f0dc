import { expect, test } from "@jest/globals";
import { parseRetryInterval, shortNumberProblem } from "../../src/scheduler/elapsed-text.ts";

test.each([
  ["0", 0],
  ["1 second", { seconds: 1 }],
  ["1000", 1000],
  ["1 month", { months: 1 }],
])("a retry interval may be %s", (text, length) => {
  expect(parseRetryInterval("retryInterval", text)).toEqual(length);
});

test.each([
  ["5", 'such as "5 minutes"'],
  ["999 ms", "0, or at least a second"],
])("a retry interval of %s is refused, since no request is as fast", (text, form) => {
  expect(() => parseRetryInterval("retryInterval", text)).toThrow(
    expect.objectContaining({ code: "out-of-range", expected: expect.stringContaining(form) }),
  );
});

test("only a number without a unit that is under a minute is odd", () => {
  expect(shortNumberProblem("--interval", "60")).toMatch(/^--interval 60 means 60 milliseconds/);
  for (const text of ["", "0", "60000", "60 seconds", "60 ms", "PT60S"])
    expect(shortNumberProblem("--interval", text)).toBeNull();
});
