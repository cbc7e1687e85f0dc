import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./code-blocks.ts";

const MANIFEST = path.join(ROOT, "package.json");

/**
 * Puts the dependencies of the package into a folder `node_modules`, as links to those of this clone.
 *
 * @param except The names of the dependencies to leave out.
 */
export function linkDependencies(modules: string, except: readonly string[] = []): void {
  for (const name of Object.keys(JSON.parse(readFileSync(MANIFEST, "utf8")).dependencies)) {
    if (except.includes(name)) continue;
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(ROOT, "node_modules", name), path.join(modules, name), "junction");
  }
}

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
  copyFileSync(MANIFEST, path.join(library, "package.json"));
  linkDependencies(modules);
  const build = [path.join(ROOT, "build/package.mjs"), path.join(library, "dist/package")];
  await promisify(execFile)(process.execPath, build);
  return path.join(library, "dist/package/cli/main.js");
}
