// The licences of the packages that dist/ contains, and of those that npm installs together with this one.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Licences, by their SPDX names, that ask for no more than to pass on their text. */
export const ALLOWED = [
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Python-2.0"],
  "Unlicense",
];

/**
 * @param {Iterable<string>} packages The names of the packages in a bundle.
 * @param {string} root The folder with `node_modules`.
 * @returns the name, the licence and its text for each of them. No version, since a new one must change dist/ only where it
 * changes code.
 */
export function licenseTexts(packages, root) {
  return [...packages]
    .sort()
    .map((name) => {
      const folder = path.join(root, "node_modules", name);
      const { license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
      check(name, license);
      const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)(?:\.(?:md|txt))?$/i.test(entry));
      if (file === undefined) throw new Error(`${name} has no file with its licence, which dist/ must contain`);
      const text = readFileSync(path.join(folder, file), "utf8").replaceAll("\r\n", "\n");
      return `${name}\n${license}\n${text.trim()}\n`;
    })
    .join("\n");
}

/**
 * Checks the packages that the library and the server need, which are in the image of the server too.
 *
 * @param {string} root The folder with `package-lock.json`.
 */
export function checkInstalled(root) {
  /** @type {{ packages: Record<string, { dev?: boolean, link?: boolean, license?: string }> }} */
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  for (const [place, { dev, link, license }] of Object.entries(packages)) {
    if (place.startsWith("node_modules/") && !dev && !link) check(place.slice("node_modules/".length), license);
  }
}

/** @param {string} name @param {unknown} license */
function check(name, license) {
  if (typeof license === "string" && ALLOWED.includes(license)) return;
  throw new Error(
    `The licence of ${name} is ${JSON.stringify(license)}, which build/licenses.mjs does not allow: ${ALLOWED.join(", ")}`,
  );
}
