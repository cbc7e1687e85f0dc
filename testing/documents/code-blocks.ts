import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

/** A block of code in a document. */
export interface CodeBlock {
  /** The document, such as `docs/api.md`. */
  readonly file: string;
  /** The line of the document on which the block begins. */
  readonly line: number;
  /** Such as `docs/api.md:45`. */
  readonly place: string;
  /** Empty for a block without one. */
  readonly language: string;
  readonly text: string;
}

/** README.md, and all documents of docs/. */
export function documents(): readonly string[] {
  const names = readdirSync(path.join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...names.map((name) => `docs/${name}`)];
}

export function codeBlocks(file: string): readonly CodeBlock[] {
  const document = readFileSync(path.join(ROOT, file), "utf8");
  const blocks = document.matchAll(/^( *)```([a-z]*)\n([\s\S]*?)^ *```$/gm);
  return [...blocks].map(({ index, 1: indent = "", 2: language = "", 3: text = "" }) => {
    const line = document.slice(0, index).split("\n").length;
    return {
      file,
      line,
      place: `${file}:${line}`,
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    };
  });
}
