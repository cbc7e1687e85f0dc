import { expect, test } from "@jest/globals";
import { jsonLine } from "../../src/cli/json-line.ts";

test("a line of JSON has no character that a terminal obeys, and means the same", () => {
  const value = { name: "\u009b2J\u007f\u001b]0;\u202ea\u2028\u{e0001}b", holder: { job: "日本\u{1f600}" } };
  const line = jsonLine(value);
  const json = String.raw`{"name":"\u009b2J\u007f\u001b]0;\u202ea\u2028\udb40\udc01b","holder":{"job":"日本😀"}}`;
  expect(line).toBe(`${json}\n`);
  expect(JSON.parse(line)).toEqual(value);
});
