import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ARGUMENT_MEANINGS, REMOTE_MEANINGS } from "../../build/error-meanings.mjs";
import { FILE, troubleshooting } from "../../build/troubleshooting.mjs";

const text = readFileSync(FILE, "utf8");
const SOURCES = path.resolve(import.meta.dirname, "../../src/errors");

test("docs/troubleshooting.md is what npm run docs makes", () => {
  expect(text).toBe(troubleshooting());
});

describe("each error code has a message, a meaning and a remedy", () => {
  const codes = ["argument-error.ts", "service-error.ts"].flatMap((file) => {
    const source = readFileSync(path.join(SOURCES, file), "utf8");
    return [...source.matchAll(/^ {2}\| "([a-z-]+)"/gm)].map(([, code = ""]) => code);
  });

  test("the list of codes was found", () => {
    expect(codes).toEqual(expect.arrayContaining(["missing", "token-refused", "database-busy"]));
  });

  test.each([...new Set(codes)])("%s", (code) => {
    const [, section = ""] = text.split(`### \`${code}\`\n`);
    expect(section).toMatch(/^\n> .+\n\n[A-Z`].+\n\n- .+: .+\n/);
  });
});

test("the tables of docs/api.md have each error code that the library can meet", () => {
  const tables =
    readFileSync(path.join(path.dirname(FILE), "api.md"), "utf8")
      .match(/^\| `.*? \|/gm)
      ?.join("\n") ?? "";
  const codes = Object.entries({ ...ARGUMENT_MEANINGS, ...REMOTE_MEANINGS })
    .filter(([, { only }]) => only === undefined || only.includes("library"))
    .map(([code]) => code);
  expect(codes.filter((code) => !tables.includes(`\`${code}\``))).toEqual([]);
});
