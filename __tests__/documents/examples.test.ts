import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { FILE, withExamples } from "../../build/recipes.mjs";
import { EXAMPLES } from "../../testing/e2e/example-runs.ts";

const root = path.resolve(import.meta.dirname, "../..");
const files = readdirSync(path.join(root, "examples")).sort();
const textOf = (file: string) => readFileSync(path.join(root, "examples", file), "utf8");

interface Job {
  readonly steps: readonly { readonly run?: string; readonly with?: { readonly run?: string } }[];
}

test("testing/e2e/example-runs.ts runs each example, or says why act cannot", () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(files);
  expect(files.length).toBeGreaterThanOrEqual(15);
});

describe("docs/recipes.md", () => {
  const recipes = readFileSync(FILE, "utf8");

  test("has the present text of each example that it shows: node build/recipes.mjs", () => {
    expect(recipes).toBe(withExamples(recipes));
  });

  test("has no YAML of its own, and shows or names each example", () => {
    const blocks = [...recipes.matchAll(/^( *<!-- example: .*\n\n)?```yaml$/gm)];
    expect(blocks.filter(([, example]) => example === undefined)).toEqual([]);
    expect(files.filter((file) => !recipes.includes(`(../examples/${file})`))).toEqual([]);
  });

  test("a block shows a part of an example, without the indentation of the whole", () => {
    const block = (text: string) => `<!-- example: watch-jobs.yml, from "uses:" -->\n\n\`\`\`yaml\n${text}\`\`\`\n`;
    expect(withExamples(block("old\n"))).toBe(
      block(
        "- uses: OWNER/cronyx-action/status@v1\n  with:\n    fail-when: |\n      overdue\n      failing\n      held: 2 hours\n",
      ),
    );
    expect(() => withExamples(block("old\n").replace("uses:", "unknown:"))).toThrow("has no line that begins with");
  });
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

  test("has other text in a script by variables only, and a variable as a job's name after two hyphens", () => {
    const scripts = Object.values<Job>(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap((step) => [step.run ?? "", step.with?.run ?? ""]),
    );
    for (const script of scripts) {
      expect(script).not.toContain("${{");
      expect(script).not.toMatch(/cronyx-action \w+ "?\$/);
    }
  });

  test("calls no script that a reader does not have", () => {
    expect(text).not.toMatch(/(?:^|[\s"'])\.\/|\bnpm (?:run|test|ci)\b|\.sh\b/m);
  });

  test("uses no other action than this one, and GitHub's own", () => {
    const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action = ""]) => action);
    expect(
      used.filter((action) => !/^(?:OWNER\/cronyx-action(?:\/[a-z]+)?@v1|actions\/[\w-]+@v\d+)$/.test(action)),
    ).toEqual([]);
  });
});
