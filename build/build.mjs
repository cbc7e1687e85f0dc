// Makes dist/: one folder an entry point, with everything that it needs; and the library's, which isn't committed.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { minify } from "@swc/core";

const ENTRY_POINTS = ["main", "post"];

const root = path.dirname(import.meta.dirname);
const compiled = path.join(root, "build", "compiled");
const require = createRequire(import.meta.url);
/** @param {string} script @param {string[]} args */
const run = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });

rmSync(compiled, { recursive: true, force: true });
rmSync(path.join(root, "dist"), { recursive: true, force: true });
run(path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc"), "-p", "tsconfig.build.json");

// Of this package ncc leaves out what isn't used (OIDC, summaries, running programs) only if the package says that loading
// it does nothing else. It is so, but it doesn't say it: a copy that does is found before it.
const core = path.join("node_modules", "@actions", "core");
cpSync(path.join(root, core), path.join(compiled, core), { recursive: true });
const manifest = path.join(compiled, core, "package.json");
writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, "utf8")), sideEffects: false }));

// Without a type, ncc makes CommonJS of modules, which Node 20 starts faster than a module.
writeFileSync(path.join(compiled, "package.json"), "{}\n");

for (const name of ENTRY_POINTS) {
  const out = path.join(root, "dist", name);
  run(
    path.join(path.dirname(require.resolve("@vercel/ncc/package.json")), "dist", "ncc", "cli.js"),
    ...["build", path.join(compiled, "action", `${name}.js`), "--out", out],
    ...["--no-cache", "--target", "es2022"],
  );
  // ncc would minify the entry point alone, and leave what is loaded later as it is.
  for (const file of readdirSync(out).filter((file) => file.endsWith(".js"))) {
    const { code } = await minify(readFileSync(path.join(out, file), "utf8"), {
      ecma: 2020,
      compress: true,
      mangle: true,
    });
    writeFileSync(path.join(out, file), code);
  }
  writeFileSync(path.join(out, "licenses.txt"), licenses());
  writeFileSync(path.join(out, "package.json"), '{ "type": "commonjs" }\n');
}

run(path.join(root, "build", "package.mjs"));

/** ncc's own list leaves out every package that it could merge into another module, which is nearly all of them. */
function licenses() {
  /** @type {{ packages: Record<string, { dev?: boolean, link?: boolean, license?: string }> }} */
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([folder, { dev, link }]) => folder.startsWith("node_modules/") && !dev && !link)
    .map(([folder, { license }]) => {
      const file = readdirSync(path.join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
      const text =
        file === undefined ? "" : readFileSync(path.join(root, folder, file), "utf8").replaceAll("\r\n", "\n");
      return `${folder.slice("node_modules/".length)}\n${license}\n${text.trim()}\n`;
    })
    .join("\n");
}
