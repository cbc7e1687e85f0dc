import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { runnerToolkit, type Toolkit } from "../../src/action/toolkit.ts";

const { write } = process.stdout;
let lines: string[];
let toolkit: Toolkit;
beforeEach(() => {
  lines = [];
  toolkit = runnerToolkit();
  process.stdout.write = (text: unknown) => lines.push(String(text).trim()) > 0;
});
afterEach(() => {
  process.stdout.write = write;
});

test.each([
  ["info", "A line"],
  ["notice", "::notice::A line"],
  ["warning", "::warning::A line"],
  ["debug", "::debug::A line"],
  ["startGroup", "::group::A line"],
] as const)("the runner gets the secrets before a line of %s, once each", (method, line) => {
  toolkit.setSecret("one");
  toolkit.setSecret("two");
  expect(lines).toEqual([]);
  toolkit[method]("A line");
  toolkit[method]("A line");
  expect(lines).toEqual(["::add-mask::one", "::add-mask::two", line, line]);
});

test("the runner gets the secrets without a line too, when the process waits", async () => {
  toolkit.setSecret("one");
  await turn();
  await turn();
  expect(lines).toEqual(["::add-mask::one"]);
});

test.each([
  ["info", "A line\\u{a}::error::forged"],
  ["notice", "::notice::A line%0A::error::forged"],
  ["warning", "::warning::A line%0A::error::forged"],
  ["debug", "::debug::A line%0A::error::forged"],
  ["startGroup", "::group::A line%0A::error::forged"],
] as const)("text that others wrote gives the runner no command, by %s", (method, line) => {
  toolkit[method]("A line\n::error::forged");
  expect(lines).toEqual([line]);
});

test("a line of text that others wrote is no command itself", () => {
  toolkit.info("::error::forged");
  expect(lines).toEqual(["\\u{3a}:error::forged"]);
});
