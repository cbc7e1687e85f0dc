import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { EXAMPLES } from "../../testing/e2e/example-runs.ts";

const root = path.resolve(import.meta.dirname, "../..");
const files = readdirSync(path.join(root, "examples")).sort();
const textOf = (file: string) => readFileSync(path.join(root, "examples", file), "utf8");

test("testing/e2e/example-runs.ts runs each example, or says why act cannot", () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(files);
  expect(files.length).toBeGreaterThanOrEqual(15);
});

describe.each(files)("%s", (file) => {
  const text = textOf(file);
  const workflow = parse(text);

  test("begins with one to three sentences about what it does, and when to use it", () => {
    const [comment = ""] = /^(?:# .+\n)+/.exec(text) ?? [];
    const sentences = comment.replaceAll(/^# /gm, "").match(/[.](?=\s|$)/g) ?? [];
    expect([1, 2, 3]).toContain(sentences.length);
  });

  test("has permissions, and no job without the mark where the reader's work goes", () => {
    expect(workflow).toHaveProperty("permissions");
    if (!/^(?:watch|release)-/.test(file)) expect(text).toContain("# Your work here");
  });

  test("can be started by hand, and starts by itself where it has a schedule", () => {
    const events = typeof workflow.on === "string" ? [workflow.on] : Object.keys(workflow.on);
    expect(events).toContain("workflow_dispatch");
  });

  test("uses no other action than this one, and GitHub's own", () => {
    const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action = ""]) => action);
    expect(
      used.filter((action) => !/^(?:OWNER\/cronyx-action(?:\/[a-z]+)?@v1|actions\/[\w-]+@v\d+)$/.test(action)),
    ).toEqual([]);
  });
});
