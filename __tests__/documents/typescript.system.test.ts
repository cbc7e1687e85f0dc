import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { buildPackage } from "../../testing/documents/built-package.ts";
import { type CodeBlock, codeBlocks, documents, ROOT } from "../../testing/documents/code-blocks.ts";

const TSC = path.join(ROOT, "node_modules/typescript/bin/tsc");
const STRICT = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022"];
const MODULES = ["--module", "nodenext", "--lib", "es2024,esnext.disposable", "--skipLibCheck", "--noEmit"];

/** What a reader has, and a snippet does not show. */
const OF_THE_READER = "declare const report: (from: Date, until: Date) => Promise<void>;\n";

const SNIPPETS = documents()
  .flatMap(codeBlocks)
  .filter(({ language }) => language === "ts");

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-snippets-"));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }\n');
  mkdirSync(path.join(folder, "snippets"));
  await buildPackage(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns the errors of tsc, one a line. */
async function errorsOf(modules: ReadonlyMap<string, string>): Promise<readonly string[]> {
  for (const [name, text] of modules) writeFileSync(path.join(folder, name), text);
  const types = ["--typeRoots", path.join(ROOT, "node_modules/@types"), "--types", "node"];
  const args = [TSC, ...STRICT, ...MODULES, ...types, "--pretty", "false", ...modules.keys()];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: folder });
    return [];
  } catch (error) {
    const { stdout = "" } = error as { stdout?: string };
    return stdout.split("\n").filter((line) => /^\S+\(\d+,\d+\): error/.test(line));
  }
}

const nameOf = ({ place }: Pick<CodeBlock, "place">) => `snippets/${place.replaceAll(/\W/g, "-")}.ts`;

test("each TypeScript snippet compiles with the package's types", async () => {
  expect(SNIPPETS.length).toBeGreaterThan(30);
  expect(await errorsOf(new Map(SNIPPETS.map((snippet) => [nameOf(snippet), moduleOf(snippet)])))).toEqual([]);
});

test("a snippet is refused that calls a method that is not there, or shows another signature", async () => {
  const wrong = [
    'import { CronyxClient } from "cronyx-action";\nawait new CronyxClient({ url: "git+https://h/p" }).startJobs();\n',
    "renew(options?: CallOptions): Promise<boolean>\n",
    "close(force: boolean): Promise<void>\n",
    "close(): Promise<void>\ntype JobTask = () => unknown;\n",
  ].map((text, at) => ({ place: `wrong:${at}`, text }));
  const errors = await errorsOf(new Map(wrong.map((snippet) => [nameOf(snippet), moduleOf(snippet)])));
  for (const snippet of wrong) expect(errors.join("\n")).toContain(nameOf(snippet));
});

/** A snippet is a program, or signatures of the library. */
function moduleOf(snippet: Pick<CodeBlock, "text">): string {
  if (!/^import /m.test(snippet.text)) return signatureModule(snippet.text);
  const used = /\breport\(/.test(snippet.text) ? OF_THE_READER : "";
  return `${used}${snippet.text}export {};\n`;
}

/** @returns a module that compiles only if each of the signatures is the library's own. */
function signatureModule(text: string): string {
  const lines = text.trimEnd().split("\n");
  const checks = lines.map((line, at) => {
    const [, type = "", definition = ""] = /^type (\w+) = (.*);$/.exec(line) ?? [];
    if (type !== "") return `export const type${at}: Same<${definition}, library.${type}> = true;`;
    const [, constructed] = /^new (\w+)\(/.exec(line) ?? [];
    if (constructed !== undefined) {
      const shown = `{ ${line.replace(`new ${constructed}`, "new ")}: library.${constructed} }`;
      return `export const new${at}: Same<ConstructorParameters<${shown}>, ConstructorParameters<typeof library.${constructed}>> = true;`;
    }
    const [, method = ""] = /^(\w+)\(/.exec(line) ?? [];
    return `interface Shown${at} { ${line} }\nexport const method${at}: Same<Shown${at}["${method}"], Owner<"${method}">["${method}"]> = true;`;
  });
  const named = new Set(text.match(/\b(?:Cronyx|Job|Call)\w*/g) ?? []);
  return `import type * as library from "cronyx-action";
import type { ${[...named].join(", ")} } from "cronyx-action";
type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Owner<M> = M extends keyof library.CronyxClient ? library.CronyxClient : library.Job;
${checks.join("\n")}
`;
}
