import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * The files of a release, which pack.mjs makes.
 *
 * @param {string | undefined} folder
 */
export function filesOf(folder) {
  if (!folder) throw new Error("Name the folder with the files of the release");
  /** @type {{ name: string, version: string }} */
  const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const place = path.resolve(folder);
  return {
    name,
    version,
    package: path.join(place, `${name}-${version}.tgz`),
    sbom: path.join(place, `${name}-${version}.spdx.json`),
    notes: path.join(place, "notes.md"),
  };
}
