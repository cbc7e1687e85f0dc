// Finds wordings that make a reader stop: a vague subject, a missing noun, a thing that speaks or listens.
// CONTRIBUTING.md, "English", says what to write instead.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const PLACES = [
  "src",
  "__tests__",
  "docs",
  "examples",
  "testing",
  "demo",
  "bench",
  "build",
  ".ci",
  "README.md",
  "CONTRIBUTING.md",
  "action.yml",
];

const WORDINGS = [
  /\bwhoever\b/i,
  /(?<!["'`]|user )\b[Nn]obody\b(?!["'`])/,
  /\bwhat(?:'s| is| was) kept\b/i,
  /\b(?:un)?told\b/i,
  /\b(?:anybody|nobody's)\b/i,
  /\bstands? there\b/i,
  /\bunder ?way\b/i,
  /\bany more than\b/i,
  /\bof (?:ours|theirs|its own kind)\b/i,
  /\bwho (?:holds?|held) (?:it|what|the)\b/i,
  /\bas they said\b/i,
  /\bdoes without\b/i,
  /\bcame of\b/i,
  /\blets? (?:it|them|him|her|nobody) in\b/i,
];

const root = path.dirname(import.meta.dirname);
const self = path.relative(root, import.meta.filename);

const files = PLACES.flatMap((place) => (/\.\w+$/.test(place) ? [place] : filesIn(place)));
const found = files
  .filter((file) => file !== self && /(?:\.(?:ts|mjs|md|yml|json)|\/run)$/.test(file))
  .flatMap((file) =>
    readFileSync(path.join(root, file), "utf8")
      .split("\n")
      .flatMap((line, at) => {
        const wording = WORDINGS.map((pattern) => pattern.exec(line)?.[0]).find(Boolean);
        return wording === undefined ? [] : [`${file}:${at + 1}: "${wording}": name the thing, and let it act`];
      }),
  );
for (const line of found) console.error(line);
process.exitCode = found.length === 0 ? 0 : 1;

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => !/(?:^|\/)(?:node_modules|compiled|tools)\//.test(file));
}
