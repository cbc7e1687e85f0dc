import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./code-blocks.ts";

/**
 * Builds the package into `node_modules` of a folder, with the dependencies of this clone. It needs no network, and leaves
 * dist/package/ alone, which another test may be packing.
 *
 * @returns the path of the command's module.
 */
export async function buildPackage(folder: string): Promise<string> {
  const modules = path.join(folder, "node_modules");
  const library = path.join(modules, "cronyx-action");
  mkdirSync(library, { recursive: true });
  const manifest = path.join(ROOT, "package.json");
  copyFileSync(manifest, path.join(library, "package.json"));
  for (const name of Object.keys(JSON.parse(readFileSync(manifest, "utf8")).dependencies)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(ROOT, "node_modules", name), path.join(modules, name), "junction");
  }
  const build = [path.join(ROOT, "build/package.mjs"), path.join(library, "dist/package")];
  await promisify(execFile)(process.execPath, build);
  return path.join(library, "dist/package/cli/main.js");
}
