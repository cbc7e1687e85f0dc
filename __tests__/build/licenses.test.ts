import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { checkInstalled, licenseTexts } from "../../build/licenses.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "cronyx-licenses-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function install(name: string, license: unknown, files: Record<string, string>): void {
  const folder = path.join(root, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, license }));
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
}

test("dist/LICENSES.txt has the name, the licence and its text for each package, by name", () => {
  install("tunnel", "MIT", { LICENSE: "\r\nMay be used.\r\n" });
  install("@actions/core", "ISC", { "LICENCE.md": "May be used too.\n", "license-check.js": "" });
  expect(licenseTexts(["tunnel", "@actions/core"], root)).toBe(
    "@actions/core\nISC\nMay be used too.\n\ntunnel\nMIT\nMay be used.\n",
  );
});

test.each(["GPL-3.0-only", "(MIT OR GPL-3.0-only)", "mit", "UNLICENSED", undefined, { type: "MIT" }])(
  "the build refuses the licence %j",
  (license) => {
    install("other", license, { LICENSE: "Text" });
    expect(() => licenseTexts(["other"], root)).toThrow(`The licence of other is ${JSON.stringify(license)}, which`);
  },
);

test("the build refuses a package without the text of its licence", () => {
  install("other", "MIT", { "README.md": "MIT" });
  expect(() => licenseTexts(["other"], root)).toThrow("other has no file with its licence");
});

test("the build refuses the licence of a package that npm installs for users, and of no other", () => {
  const lock = (packages: object) => writeFileSync(path.join(root, "package-lock.json"), JSON.stringify({ packages }));
  const rest = {
    "": { license: "Proprietary" },
    "build/undici": {},
    "node_modules/undici": { resolved: "build/undici", link: true },
    "node_modules/jest": { dev: true, license: "GPL-3.0-only" },
    "node_modules/pg": { license: "MIT" },
  };
  lock(rest);
  checkInstalled(root);
  lock({ ...rest, "node_modules/pg/node_modules/split2": { license: "AGPL-3.0-only" } });
  expect(() => checkInstalled(root)).toThrow('The licence of pg/node_modules/split2 is "AGPL-3.0-only", which');
});
