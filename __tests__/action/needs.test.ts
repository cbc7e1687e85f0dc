import { describe, expect, test } from "@jest/globals";
import { verdictOn } from "../../src/action/needs.ts";

const needs = (results: Record<string, string>) =>
  JSON.stringify(Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { result, outputs: {} }])));

describe("the interval is done", () => {
  test.each([
    ["if all jobs succeeded", needs({ plan: "success", build: "success" }), []],
    ["if a skipped one may be skipped", needs({ plan: "success", deploy: "skipped" }), ["deploy"]],
    ["by results alone", '["success","success"]', []],
  ])("%s", (_, text, allowSkipped) => {
    expect(verdictOn(text, allowSkipped)).toMatchObject({ isDone: true });
  });
});

describe("the interval is not done", () => {
  test.each([
    [needs({ plan: "success", build: "failure" }), [], "the job build ended with failure"],
    [needs({ plan: "success", build: "cancelled" }), [], "the job build ended with cancelled"],
    [needs({ plan: "success", build: "skipped" }), [], "the job build was skipped"],
    [needs({ plan: "success", build: "failure", deploy: "skipped" }), ["deploy"], "the job build ended with failure"],
    [needs({ build: "failure" }), ["build"], "the job build ended with failure"],
    ['["success","skipped"]', [], "a needed job was skipped"],
    [needs({ deploy: "skipped", build: "failure" }), [], "the job build ended with failure"],
    [needs({ "build\n::stop-commands::x": "failure" }), [], "the job build\\u{a}::stop-commands::x ended with failure"],
    ['{"__proto__":{"result":"failure"},"build":{"result":"success"}}', [], "the job __proto__ ended with failure"],
    ['{"build":{"result":"success"},"test":{"result":"failure"}}', ["test"], "the job test ended with failure"],
  ])("%s, %j", (text, allowSkipped, because) => {
    expect(verdictOn(text, allowSkipped)).toEqual({ isDone: false, because, startedBy: null });
  });
});

test.each([
  ["", [], "is not JSON"],
  ["success", [], "is not JSON"],
  ["{}", [], "has no job"],
  ["[]", [], "has no job"],
  ["null", [], "has no job"],
  ['"success"', [], "has no job"],
  [needs({ build: "neutral" }), [], 'has the result "neutral"'],
  ['{"build":"success"}', [], "has the result"],
  ['{"build":null}', [], "has the result"],
  ["[true]", [], "has the result true"],
  ['{"build":{"__proto__":{"result":"success"}}}', [], "has the result"],
  [needs({ build: "success" }), ["constructor"], "is not one of the needed jobs"],
  [needs({ build: "success" }), ["deploy"], "is not one of the needed jobs"],
  ['["success"]', ["deploy"], "is a list of results without names"],
])("%s with allow-skipped %j is refused", (text, allowSkipped, says) => {
  expect(() => verdictOn(text, allowSkipped)).toThrow(says);
});
