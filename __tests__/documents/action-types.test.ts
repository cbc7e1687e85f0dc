import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";

const root = path.resolve(import.meta.dirname, "../..");
const sources = readdirSync(path.join(root, "src/action"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(path.join(root, "src/action", file), "utf8"))
  .join("");
const read = (...place: string[]) => parse(readFileSync(path.join(root, ...place), "utf8"));

/** The keys that each type has beside `type`, from the format's own description. */
const KEYS: Record<string, readonly string[]> = {
  string: [],
  boolean: [],
  integer: [],
  enum: ["allowed-values"],
  list: ["list-item", "separator"],
};

describe.each([".", "start", "end", "backfill", "status"])("the types of %s", (folder) => {
  const action = read(folder, "action.yml");
  const types = read(folder, "action-types.yml");

  test("each input and output has one, in the order of action.yml", () => {
    expect(Object.keys(types)).toEqual(["inputs", "outputs"]);
    for (const kind of ["inputs", "outputs"]) expect(Object.keys(types[kind])).toEqual(Object.keys(action[kind]));
  });

  test("the action reads each input", () => {
    for (const input of Object.keys(action.inputs)) expect(sources).toContain(`"${input}"`);
  });

  test("each has the keys of its type, and no other", () => {
    for (const [name, { type, ...more }] of Object.entries<Type>({ ...types.inputs, ...types.outputs })) {
      expect([name, ...Object.keys(more).sort()]).toEqual([name, ...(KEYS[type] ?? ["an unknown type"])]);
      if (type === "list") expect(more).toEqual({ separator: "\n", "list-item": { type: "string" } });
    }
  });

  test("a default has the type of its input, and the description names each word of an enum", () => {
    for (const [name, type] of Object.entries<Type>(types.inputs)) {
      const { default: value, description } = action.inputs[name];
      if (type.type === "boolean") expect([name, value]).toEqual([name, expect.stringMatching(/^(true|false)$/)]);
      if (type.type === "integer") expect([name, value]).toEqual([name, expect.stringMatching(/^\d+$/)]);
      const words = type["allowed-values"] ?? [];
      if (type.type === "enum" && value !== undefined && !value.includes("${{")) expect(words).toContain(value);
      // GitHub decides on the words of job-status.
      if (name !== "job-status") for (const word of words) expect(description).toMatch(new RegExp(`\\b${word}\\b`));
    }
  });
});

interface Type {
  type: string;
  "allowed-values"?: string[];
}
