import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { examples, isWorkflow, yamlProblem, yamlSnippets } from "../../build/workflow-snippets.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const inputsOf = (folder: string) =>
  Object.keys(parse(readFileSync(path.join(root, folder, "action.yml"), "utf8")).inputs);
const snippets = [...yamlSnippets(), ...examples()];

test("the documents have whole workflows", () => {
  expect(snippets.filter(isWorkflow).length).toBeGreaterThan(4);
});

describe.each(snippets.map((snippet) => [`${snippet.file}:${snippet.line}`, snippet] as const))("%s", (_, snippet) => {
  test("is YAML, where it is a whole workflow", () => {
    if (isWorkflow(snippet)) expect(yamlProblem(snippet)).toBeNull();
  });

  test("gives the actions only inputs that they have", () => {
    const { text } = snippet;
    const uses = [...text.matchAll(/^( *)(?:- )?uses: \.\/?([a-z]*)$\n((?:\1 *.*\n)*)/gm)];
    for (const [, indent = "", folder = "", rest = ""] of uses) {
      const [, block = ""] = /^\s*with:\n((?: +.*\n?)*)/m.exec(rest) ?? [];
      const lines = block.split("\n");
      const depth = lines[0]?.search(/\S/) ?? 0;
      const names = lines
        .filter((line) => line.search(/\S/) === depth && depth > indent.length)
        .flatMap((line) => /^\s*([a-z-]+):/.exec(line)?.[1] ?? []);
      expect(names.filter((name) => !inputsOf(folder || ".").includes(name))).toEqual([]);
    }
  });
});
