// Makes dist/: dist/action/, one bundle with a small file for each entry point, and dist/package/, the library, which git ignores.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { minify, parse } from "@swc/core";
import { checkInstalled, licenseTexts } from "./licenses.mjs";

/** The functions of src/action/entry-points.ts. */
const ENTRY_POINTS = ["main", "post", "start", "end", "backfill", "status"];

const MODULE_MARK = "__module";

const root = path.dirname(import.meta.dirname);
const compiled = path.join(root, "build", "compiled");
const out = path.join(root, "dist", "action");
const require = createRequire(import.meta.url);
/** @param {string} script @param {string[]} args */
const run = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });

rmSync(compiled, { recursive: true, force: true });
rmSync(path.join(root, "dist"), { recursive: true, force: true });
run(path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc"), "-p", "tsconfig.build.json");

// ncc leaves out the unused parts of @actions/core (OIDC, summaries, running programs) only if its package.json declares
// that it has no side effects. It has none, but does not declare so: ncc finds this copy, which does, before the original.
const core = path.join("node_modules", "@actions", "core");
cpSync(path.join(root, core), path.join(compiled, core), { recursive: true });
const manifest = path.join(compiled, core, "package.json");
writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, "utf8")), sideEffects: false }));

// Without a "type", ncc makes CommonJS out of modules. Node 20 starts it faster than a module.
writeFileSync(path.join(compiled, "package.json"), "{}\n");

run(
  path.join(path.dirname(require.resolve("@vercel/ncc/package.json")), "dist", "ncc", "cli.js"),
  ...["build", path.join(compiled, "action", "entry-points.js"), "--out", out],
  ...["--no-cache", "--target", "es2022", "--external", "tunnel", "--stats-out", path.join(compiled, "stats.json")],
);
// ncc could minify only index.js, and would leave the chunks that it loads later as they are.
for (const file of readdirSync(out)) {
  const bundled = readFileSync(path.join(out, file), "utf8");
  const code = loadAtFirstUse(bundled);
  if (file === "index.js" && code === bundled) {
    throw new Error("ncc writes its imports in another form now: correct loadAtFirstUse");
  }
  const marked = markModules(code);
  if (marked === code) throw new Error("ncc writes its modules in another form now: correct markModules");
  const small = (await deferUnicodePatterns(await minified(marked))).replaceAll(`${MODULE_MARK}(`, "(");
  writeFileSync(path.join(out, file), small.replaceAll('require("tunnel")', 'require("./tunnel.js")'));
}
// Only a proxy needs `tunnel`, and its importer, @actions/http-client, has no `import()` that would make a chunk of it.
writeFileSync(
  path.join(out, "tunnel.js"),
  await minified(readFileSync(require.resolve("tunnel/lib/tunnel.js"), "utf8")),
);
for (const name of ENTRY_POINTS) writeFileSync(path.join(out, `${name}.js`), `require("./index.js").${name}();\n`);
writeFileSync(path.join(root, "dist", "LICENSES.txt"), licenseTexts(["tunnel", ...bundledPackages()], root));
checkInstalled(root);
writeFileSync(path.join(out, "package.json"), '{ "type": "commonjs" }\n');

run(path.join(root, "build", "package.mjs"));

/**
 * Node holds a script with a character beyond Latin-1 in two bytes a character. That costs a start 1 ms: one character would
 * double the memory of the whole bundle.
 *
 * @param {string} code
 */
async function minified(code) {
  return (await minify(code, { ecma: 2020, compress: { passes: 3 }, mangle: true, format: { asciiOnly: true } })).code;
}

/**
 * Node takes longer to load its own modules (TLS, zlib, crypto) than to load the bundle. So each of them, and `tunnel`,
 * which only a proxy needs, is loaded where the code first uses it, not where a module imports it.
 *
 * @param {string} code A bundle of ncc, before it is minified.
 */
function loadAtFirstUse(code) {
  /** @type {Map<string, string>} ncc's name of each imported module, and the expression that loads it. */
  const imports = new Map();
  const declaration =
    /^(?:\/\* harmony import \*\/ )?(?:const|var) (external_\w+|node_\w+) = (?:(\w+\((?:\d+|"[^"]+")\))|.*\.t\((\w+), 2\));$/gm;
  // ncc makes a getter of each module's default export, used or not, and that would load the module.
  const getter = /^\/\* harmony import \*\/ var ((?:external|node)_\w+___default) = .*\n/gm;
  const named = code.replace(getter, (line, name) => (code.includes(`${name}()`) ? line : ""));
  const rest = named.replace(declaration, (_, name, load, module) => {
    // ncc's `t(NAME, 2)` makes a namespace object, which has the same members as the module.
    // The brackets keep `new NAME.Class()` from taking the call that loads the module for a constructor's.
    imports.set(name, load === undefined ? (imports.get(module) ?? module) : `(${load})`);
    return "";
  });
  return rest.replace(/\b(?:external|node)_\w+/g, (name) => imports.get(name) ?? name);
}

/**
 * V8 reads a function once when it compiles the script, to find its end, and again when the function is first called. It
 * compiles a function in brackets at once, which saves the first reading: 5 ms of a start. The minifier leaves brackets
 * out, so until then each module of the bundle is the argument of a call.
 *
 * @param {string} code A bundle of ncc, before it is minified.
 */
function markModules(code) {
  return code.replace(/^\/\*{3}\/ \((?=\(.*\) => \{$|function\(.*\) \{$)/gm, `${MODULE_MARK}(`);
}

/**
 * V8 compiles the literal of a regular expression each time that it parses the function around it, even if that function never
 * runs. A Unicode property escape such as `\p{L}` makes that cost up to 0.4 ms. A call of `RegExp` costs that only where it runs.
 *
 * @param {string} code A bundle, after it is minified.
 */
async function deferUnicodePatterns(code) {
  const program = await parse(code, { syntax: "ecmascript", target: "es2022" });
  const literals = [...regularExpressionsIn(program)].filter(({ pattern }) => /\\p\{/i.test(pattern));
  let changed = code;
  // From the last to the first, so that no change moves the next literal. swc's order is not always that of the text.
  for (const { span, pattern, flags } of literals.sort((a, b) => b.span.start - a.span.start)) {
    // swc counts bytes from the first token of the program. The bundle is ASCII, and begins with a token.
    const [start, end] = [span.start - program.span.start, span.end - program.span.start];
    if (code.slice(start, end) !== `/${pattern}/${flags}`) {
      throw new Error("swc counts in another way now: correct deferUnicodePatterns");
    }
    // The blank keeps `return` and `typeof` apart from the call.
    changed = `${changed.slice(0, start)} RegExp(${JSON.stringify(pattern)},"${flags}")${changed.slice(end)}`;
  }
  return changed;
}

/** @param {unknown} node @returns {Generator<import("@swc/core").RegExpLiteral>} */
function* regularExpressionsIn(node) {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && node.type === "RegExpLiteral") yield/** @type {import("@swc/core").RegExpLiteral} */ (node);
  for (const child of Object.values(node)) yield* regularExpressionsIn(child);
}

/**
 * ncc's own list of licences leaves out every package that it could merge into another module, which is nearly all of them.
 * Its statistics name the merged modules too.
 *
 * @returns the names of the packages that have modules in the bundle.
 */
function bundledPackages() {
  /** @typedef {{ name: string, modules?: Module[] }} Module A module, and those that are merged into it. */
  /** @type {{ modules: Module[] }} */
  const stats = JSON.parse(readFileSync(path.join(compiled, "stats.json"), "utf8"));
  /** @param {Module} module @returns {string[]} */
  const names = ({ name, modules = [] }) => [name, ...modules.flatMap(names)];
  return new Set(
    stats.modules.flatMap(names).flatMap((name) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? []),
  );
}
