// Makes dist/package/, the library and the server as npm installs them: one module a source file, with its types. Tests name a
// folder of their own: `node build/package.mjs FOLDER`.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const library = path.resolve(process.argv[2] ?? path.join(root, "dist", "package"));
const require = createRequire(import.meta.url);

rmSync(library, { recursive: true, force: true });
const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", "tsconfig.package.json", "--outDir", library], {
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
