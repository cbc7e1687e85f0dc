import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { notesOf } from "../../../build/release/notes.mjs";

const BEFORE = "# Changelog\n\nAll notable changes.\n\n";
const OLDER = "\n## 1.1.0 - 2026-10-01\n\n- older\n";

test.each([
  [
    "after an empty section of unreleased changes",
    `${BEFORE}## Unreleased\n\n## 1.2.0 - 2026-11-28\n\n### Added\n\n- a\n${OLDER}`,
  ],
  ["without such a section", `${BEFORE}## 1.2.0 - 2026-11-28\n\n### Added\n\n- a\n${OLDER}`],
  ["as the only version", `${BEFORE}## 1.2.0 - 2026-11-28\n\n### Added\n\n- a`],
  [
    "with the line ends of Windows",
    `${BEFORE}## 1.2.0 - 2026-11-28\n\n### Added\n\n- a\n${OLDER}`.replaceAll("\n", "\r\n"),
  ],
])("the notes are the section of the version, %s", (_, changelog) => {
  expect(notesOf(changelog, "1.2.0")).toBe("### Added\n\n- a\n");
});

const CODE = "````md\n## 1.3.0 - 2026-11-29\n```\n~~~\n````";

test("a heading within a block of code does not end the section", () => {
  const changelog = `${BEFORE}${CODE}\n\n## 1.2.0 - 2026-11-28\n\n- a\n\n${CODE}\n\n- b\n${OLDER}`;
  expect(notesOf(changelog, "1.2.0")).toBe(`- a\n\n${CODE}\n\n- b\n`);
});

test("a heading may be indented as Markdown has it", () => {
  const changelog = `${BEFORE}  ## Unreleased\n\n   ##  1.2.0 - 2026-11-28\n\n- a\n${OLDER.replace("##", " ##")}`;
  expect(notesOf(changelog, "1.2.0")).toBe("- a\n");
});

test.each([
  ["has no version", BEFORE, 'The first version in CHANGELOG.md must be "## 1.2.0 - YYYY-MM-DD", but is ""'],
  ["has only older versions", `${BEFORE}${OLDER}`, 'but is "## 1.1.0 - 2026-10-01"'],
  [
    "has another version first",
    `${BEFORE}## 1.3.0 - 2026-11-29\n\n- b\n\n## 1.2.0 - 2026-11-28\n\n- a\n`,
    'but is "## 1.3.0',
  ],
  ["has the version without a date", `${BEFORE}## 1.2.0\n\n- a\n`, 'but is "## 1.2.0"'],
  ["has a date that does not exist", `${BEFORE}## 1.2.0 - 2026-02-30\n\n- a\n`, 'but is "## 1.2.0 - 2026-02-30"'],
  ["has a longer version", `${BEFORE}## 1.2.0-rc.1 - 2026-11-28\n\n- a\n`, 'but is "## 1.2.0-rc.1'],
  [
    "has an empty section",
    `${BEFORE}## 1.2.0 - 2026-11-28\n\n${OLDER}`,
    "The section of 1.2.0 in CHANGELOG.md is empty",
  ],
  [
    "has the version in a comment",
    `${BEFORE}<!--\n## 1.2.0 - 2026-11-28\n\n- a\n-->\n${OLDER}`,
    'has an HTML comment, which hides text of the notes: remove "<!--"',
  ],
  ["has a section of a comment only", `${BEFORE}## 1.2.0 - 2026-11-28\n\n<!-- a -->\n${OLDER}`, 'remove "<!-- a -->"'],
  [
    "has a block of code without an end",
    `${BEFORE}## 1.2.0 - 2026-11-28\n\n~~~~ md\n~~~\n${OLDER}`,
    "has a block of code without an end: add a line ~~~~",
  ],
  [
    "has unreleased changes below an indented heading",
    `${BEFORE} ## Unreleased\n\n- b\n\n## 1.2.0 - 2026-11-28\n\n- a\n`,
    'has changes under "## Unreleased"',
  ],
  [
    "has unreleased changes",
    `${BEFORE}## Unreleased\n\n- b\n\n## 1.2.0 - 2026-11-28\n\n- a\n`,
    'has changes under "## Unreleased"',
  ],
])("a changelog is refused that %s", (_, changelog, problem) => {
  expect(() => notesOf(changelog, "1.2.0")).toThrow(problem);
});

test("CHANGELOG.md becomes notes once its unreleased changes have a version", () => {
  const changelog = readFileSync(path.resolve(import.meta.dirname, "../../../CHANGELOG.md"), "utf8");
  const released = changelog.replace(/^## Unreleased$/m, "## Unreleased\n\n## 99.0.0 - 2026-11-28");
  expect(notesOf(released, "99.0.0")).toMatch(/^\S[\s\S]*\S\n$/);
});
