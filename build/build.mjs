// Makes dist/: one folder an entry point, with everything that it needs; and the library's, which isn't committed.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { minify } from "@swc/core";

const ENTRY_POINTS = ["main", "post"];

/** What src/action/ and what it imports stand on. The other dependencies are the server's. */
const BUNDLED = [
  "@actions/core",
  "@actions/exec",
  "@actions/http-client",
  "@date-fns/tz",
  "@date-fns/utc",
  "croner",
  "date-fns",
];

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
  /** @type {{ packages: Record<string, { link?: boolean, license?: string, dependencies?: Record<string, string> }> }} */
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  const names = new Set(BUNDLED);
  // A set that grows while it is read is read to its end.
  for (const name of names) {
    for (const dependency of Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {})) names.add(dependency);
  }
  return [...names]
    .sort()
    .filter((name) => !packages[`node_modules/${name}`]?.link)
    .map((name) => {
      const folder = path.join(root, "node_modules", name);
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file === undefined ? "" : readFileSync(path.join(folder, file), "utf8").replaceAll("\r\n", "\n");
      return `${name}\n${packages[`node_modules/${name}`]?.license}\n${text.trim()}\n`;
    })
    .join("\n");
}
