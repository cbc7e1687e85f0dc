import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { FILE, inputsReference, README, readmeWithTables } from "../../build/inputs-reference.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const actionIn = (folder: string) => parse(readFileSync(path.join(root, folder, "action.yml"), "utf8"));

test("docs/inputs.md is what each action.yml gives: npm run docs", () => {
  expect(readFileSync(FILE, "utf8")).toBe(inputsReference());
});

test("the README's tables are what action.yml gives: npm run docs", () => {
  const text = readFileSync(README, "utf8");
  expect(text).toContain("| `job-interval` | required |");
  expect(text).toBe(readmeWithTables(text));
});

/** Inputs and outputs that mean less, or something else, than those of the main action. */
const OWN: [folder: string, names: readonly string[]][] = [
  ["start", ["github-token", "deadline", "job-name", "url"]],
  ["end", ["github-token", "deadline", "job-name", "url"]],
  ["status", ["github-token", "deadline", "url", "token", "summary", "behind"]],
];
test.each(OWN)("%s says the same of each input and output that the main action has too", (folder, own) => {
  const [main, other] = [actionIn("."), actionIn(folder)];
  for (const kind of ["inputs", "outputs"]) {
    for (const [name, about] of Object.entries(other[kind])) {
      if (name in main[kind] && !own.includes(name)) expect([name, about]).toEqual([name, main[kind][name]]);
    }
  }
});
