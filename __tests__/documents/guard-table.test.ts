import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { FILE, withGuardTable } from "../../build/guard-table.mjs";

test("docs/reliability.md lists all guards: npm run docs", () => {
  const text = readFileSync(FILE, "utf8");
  expect(text.match(/^\| `.*\.ts` \|/gm)?.length).toBeGreaterThan(80);
  expect(text).toBe(withGuardTable(text));
});
