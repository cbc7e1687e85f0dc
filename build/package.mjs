// Makes dist/package/, the library and the server as npm installs them: one module a source file, with its types. Tests name a
// folder of their own, `node build/package.mjs FOLDER`, for which the types are written and not checked.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const [, , folder] = process.argv;
const library = path.resolve(folder ?? path.join(root, "dist", "package"));
const require = createRequire(import.meta.url);

rmSync(library, { recursive: true, force: true });
const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc");
// Several checkers repeat much of each other's work: for so few files, one is faster.
const options = ["--checkers", "1", ...(folder === undefined ? [] : ["--noCheck"])];
execFileSync(process.execPath, [tsc, "-p", "tsconfig.package.json", ...options, "--outDir", library], {
  cwd: root,
  stdio: ["ignore", 2, "inherit"],
});

// tsc names modules by their files in what runs, but by their sources in the types, which aren't in the package.
for (const file of declarations()) {
  const types = readFileSync(file, "utf8");
  writeFileSync(file, types.replace(/(from "\.[^"]*)\.ts";/g, '$1.js";'));
}

/** @returns the paths of all files of types. */
function declarations() {
  return readdirSync(library, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".d.ts"))
    .map((name) => path.join(library, name));
}
