// Makes the table of guards in docs/reliability.md: `npm run docs`. A test fails where it differs.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BACKEND_GUARDS } from "../testing/proofs/backend-guards.mjs";
import { SCHEDULER_GUARDS } from "../testing/proofs/scheduler-guards.mjs";

export const FILE = path.join(import.meta.dirname, "..", "docs", "reliability.md");

/** @param {string} text docs/reliability.md. @returns the document with a table of all guards. */
export function withGuardTable(text) {
  const guards = [...SCHEDULER_GUARDS, ...BACKEND_GUARDS];
  const rows = guards.map(
    ({ file, name, property }) => `| \`${file.replace(/^src\//, "")}\` | ${cell(name)} | ${cell(property)} |`,
  );
  const table = ["| file | guard | the test that fails without it |", "| --- | --- | --- |", ...rows].join("\n");
  return text.replace(
    /(<!-- guards: .* -->\n)[\s\S]*?(<!-- \/guards -->)/,
    (_, start, end) => `${start}${guards.length} guards:\n\n${table}\n${end}`,
  );
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1] === import.meta.filename) writeFileSync(FILE, withGuardTable(readFileSync(FILE, "utf8")));
