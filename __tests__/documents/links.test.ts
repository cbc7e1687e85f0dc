import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = path.resolve(import.meta.dirname, "../..");
const DOCUMENTS = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));

const textOf = (file: string) => readFileSync(path.join(root, file), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");

/** The anchors of a document, as GitHub makes them of its headings. */
function anchorsOf(file: string): ReadonlySet<string> {
  const headings = textOf(file).matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}

function linksIn(file: string): readonly string[] {
  const links = textOf(file).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].map(([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link));
}

test("there are documents with links", () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(["README.md", "docs/recipes.md"]));
  expect(linksIn("README.md").length).toBeGreaterThan(5);
});

describe.each(DOCUMENTS)("%s", (file) => {
  test("each link leads to a file, and to one of its headings", () => {
    const wrong = linksIn(file).filter((link) => {
      const [target = "", anchor] = link.split("#");
      const place = target === "" ? file : path.join(path.dirname(file), target);
      if (!existsSync(path.join(root, place))) return true;
      return anchor !== undefined && place.endsWith(".md") && !anchorsOf(place).has(anchor);
    });
    expect(wrong).toEqual([]);
  });
});
