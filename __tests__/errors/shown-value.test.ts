import { describe, expect, test } from "@jest/globals";
import { shownValue } from "../../src/errors/shown-value.ts";

const circular: Record<string, unknown> = {};
circular.self = circular;

describe("a value in a message", () => {
  test.each<[unknown, string]>([
    ["5 m", '"5 m"'],
    ["", '""'],
    ['a "quoted" \n line', '"a \\"quoted\\" \\n line"'],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [-0, "0"],
    [12n, "12"],
    [true, "true"],
    [null, "null"],
    [undefined, "undefined"],
    [Symbol("x"), "Symbol(x)"],
    [() => 1, "a function"],
    [{ hours: 1 }, '{"hours":1}'],
    [{ hours: undefined }, "{}"],
    [[1, "a", null], '[1,"a",null]'],
    [{ a: { b: { c: { d: 1 } } } }, '{"a":{"b":{"c":{"d":1}}}}'],
    [{ a: { b: { c: { d: {} } } } }, '{"a":{"b":{"c":{"d":"…"}}}}'],
    [circular, '{"self":{"self":{"self":{"self":"…"}}}}'],
  ])("%p is %s", (value, shown) => {
    expect(shownValue(value)).toBe(shown);
  });

  test("is cut off after 80 characters", () => {
    expect(shownValue("x".repeat(78))).toBe(`"${"x".repeat(78)}"`);
    expect(shownValue("x".repeat(79))).toBe(`"${"x".repeat(79)}…`);
  });

  test("may be nested deeper than the stack", () => {
    let deep: unknown = 0;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(shownValue(deep)).toBe('[[[["…"]]]]');
  });
});
