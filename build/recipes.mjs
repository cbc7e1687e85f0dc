// Copies the examples into docs/recipes.md, so that each line of YAML is written once: `node build/recipes.mjs`. The comment
// `<!-- example: NAME.yml -->` before a block names the example. With `, from "TEXT"` the block has the first line that begins with
// this text, and the lines that belong to it.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
export const FILE = path.join(root, "docs/recipes.md");

const BLOCK = /(<!-- example: ([\w-]+\.yml)(?:, from "([^"\n]+)")? -->\n+```yaml\n)[\s\S]*?^(?=```$)/gm;

/** @param {string} text The document. @returns {string} the document with the present text of each example. */
export function withExamples(text) {
  return text.replace(BLOCK, (_, start, file, from) => start + excerpt(file, from));
}

/** @param {string} file @param {string | undefined} from */
function excerpt(file, from) {
  const text = readFileSync(path.join(root, "examples", file), "utf8");
  // The prose of the document takes the place of the first comment.
  if (from === undefined) return text.replace(/^(?:#.*\n)+/, "");
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trimStart().replace(/^- /, "").startsWith(from));
  if (first === -1) throw new Error(`examples/${file} has no line that begins with ${from}`);
  const depth = lines[first]?.search(/\S/) ?? 0;
  const length = lines.slice(first + 1).findIndex((line) => line.search(/\S/) <= depth);
  const own = length === -1 ? lines.slice(first) : lines.slice(first, first + 1 + length);
  return own.map((line) => `${line.slice(depth)}\n`).join("");
}

if (process.argv[1] === import.meta.filename) writeFileSync(FILE, withExamples(readFileSync(FILE, "utf8")));
