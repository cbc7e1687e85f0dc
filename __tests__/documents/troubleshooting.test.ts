import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
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
