// Makes docs/inputs.md, and the tables of the README, from each action.yml: `npm run docs`. A test fails where they differ.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

/** The folders with an action.yml, each with the name of its action. */
const ACTIONS = /** @type {const} */ ([
  [".", "cronyx-action"],
  ["start", "cronyx-action/start"],
  ["end", "cronyx-action/end"],
  ["backfill", "cronyx-action/backfill"],
  ["status", "cronyx-action/status"],
]);

const root = path.join(import.meta.dirname, "..");
export const FILE = path.join(root, "docs", "inputs.md");
export const README = path.join(root, "README.md");

/** The inputs and outputs of the README's tables. */
const IN_README = {
  inputs: [
    "job-name",
    "job-interval",
    "run",
    "max-intervals",
    "retry-interval",
    "starts-at",
    "catch-up",
    "required-job-names",
    "timezone",
    "not-started",
    "wait",
    "when-behind",
    "url",
  ],
  outputs: ["started", "reason", "job-interval-started-at", "job-interval-ended-at", "behind"],
};

/**
 * @typedef {{ description: string, required?: boolean, default?: string }} Input
 * @typedef {{ description: string, inputs: Record<string, Input>, outputs?: Record<string, { description: string }> }} Action
 */

/** @returns the text of docs/inputs.md. */
export function inputsReference() {
  const sections = ACTIONS.map(([folder, name]) =>
    sectionOf(name, parse(readFileSync(path.join(root, folder, "action.yml"), "utf8"))),
  );
  return `${[
    "# Inputs and outputs",
    "This file is made from each `action.yml` by `npm run docs`.",
    "An input that begins with `*`, `@` or `{` needs quotes in YAML: `\"*/5 * * * *\"`. Every output is text, and `if: steps.lock.outputs.started` is true for the text `false` too: compare it, as in `if: steps.lock.outputs.started == 'true'`.",
    ...sections,
  ].join("\n\n")}\n`;
}

/** @param {string} text The README. @returns the README with tables that fit action.yml. */
export function readmeWithTables(text) {
  /** @type {Action} */
  const { inputs, outputs = {} } = parse(readFileSync(path.join(root, "action.yml"), "utf8"));
  const inputRows = rowsOf(IN_README.inputs, inputs).map(([name, about]) => [
    `\`${name}\``,
    defaultOf(about),
    firstSentenceOf(about.description),
  ]);
  const outputRows = rowsOf(IN_README.outputs, outputs).map(([name, about]) => [
    `\`${name}\``,
    firstSentenceOf(about.description),
  ]);
  const tables = [
    table(["input", "default", "what it does"], inputRows),
    table(["output", "what it holds"], outputRows),
  ].join("\n\n");
  return text.replace(
    /(<!-- inputs: .* -->\n)[\s\S]*?(<!-- \/inputs -->)/,
    (_, start, end) => `${start}${tables}\n${end}`,
  );
}

/** @template T @param {readonly string[]} names @param {Record<string, T>} all @returns {[string, T][]} */
function rowsOf(names, all) {
  return names.map((name) => {
    const about = all[name];
    if (about === undefined) throw new Error(`action.yml has no ${name}, which the README's tables name`);
    return [name, about];
  });
}

/** @param {string} description */
function firstSentenceOf(description) {
  return /^.*?\.(?= [A-Z]|$)/.exec(description)?.[0] ?? description;
}

/** @param {string} name @param {Action} action */
function sectionOf(name, { description, inputs, outputs = {} }) {
  const rows = Object.entries(inputs)
    .filter(([, input]) => !input.description.startsWith("Not for use."))
    .map(([input, about]) => [`\`${input}\``, defaultOf(about), about.description]);
  return [
    `## ${name}`,
    description,
    table(["input", "default", "what it does"], rows),
    ...(Object.keys(outputs).length === 0
      ? []
      : [
          table(
            ["output", "what it holds"],
            Object.entries(outputs).map(([output, about]) => [`\`${output}\``, about.description]),
          ),
        ]),
  ].join("\n\n");
}

/** @param {Input} input */
function defaultOf({ required = false, default: value }) {
  return value === undefined ? (required ? "required" : "") : `\`${value}\``;
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => withCode(cell.trim().replaceAll("|", "\\|"))).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** @param {string} cell @returns the cell with its example addresses as code, since GitHub makes links of them otherwise. */
function withCode(cell) {
  return cell.replaceAll(/(?:git\+)?(?:https|ssh|file):\/\/[\w/]+/g, "`$&`");
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(FILE, inputsReference());
  writeFileSync(README, readmeWithTables(readFileSync(README, "utf8")));
}
