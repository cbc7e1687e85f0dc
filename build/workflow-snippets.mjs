// Writes each whole workflow in the documents, and each example, into a file of its own, for a linter:
// `node_modules/node/bin/node build/workflow-snippets.mjs FOLDER`, since it imports TypeScript.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseDocument } from "yaml";
import { codeBlocks, documents, ROOT } from "../testing/documents/code-blocks.ts";

/**
 * @typedef {object} Snippet
 * @property {string} file The document that it is in.
 * @property {number} line The line of the document before its first one.
 * @property {string} text Its text, with the actions of this repository as `./`.
 */

/** @returns {Snippet[]} the YAML code of all documents. */
export function yamlSnippets() {
  return documents()
    .flatMap(codeBlocks)
    .filter(({ language }) => language === "yaml")
    .map(({ file, line, text }) => ({ file, line, text: withLocalActions(text) }));
}

/** @returns {Snippet[]} the workflows of examples/. */
export function examples() {
  const files = readdirSync(path.join(ROOT, "examples")).map((name) => `examples/${name}`);
  return files.map((file) => ({ file, line: 0, text: withLocalActions(readFileSync(path.join(ROOT, file), "utf8")) }));
}

/** @param {string} text */
function withLocalActions(text) {
  return text.replaceAll(/\bOWNER\/cronyx-action(\/[a-z]+)?@v1\b/g, (_, folder = "") => `.${folder || "/"}`);
}

/** Whether a snippet is a whole workflow, and no part of one. @param {Snippet} snippet */
export function isWorkflow({ text }) {
  return /^on:/m.test(text) && /^jobs:/m.test(text) && !/^\s*# …/m.test(text);
}

/** @param {Snippet} snippet @returns {string | null} why it is no YAML, or null. */
export function yamlProblem({ text }) {
  const [error] = parseDocument(text).errors;
  return error === undefined ? null : error.message;
}

if (process.argv[1] === import.meta.filename) {
  const [folder = "."] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true });
  const workflows = [...yamlSnippets().filter(isWorkflow), ...examples()];
  for (const { file, line, text } of workflows) {
    const { name, ext } = path.parse(file);
    writeFileSync(path.join(folder, ext === ".md" ? `${name}-${line}.yml` : `example-${name}.yml`), text);
  }
  console.log(`${workflows.length} workflows in the documents and examples`);
}
