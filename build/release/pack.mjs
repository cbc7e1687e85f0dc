// Makes the files of a release: `node build/release/pack.mjs FOLDER`. The folder gets the package as npm publishes it, a list
// of the packages that it needs (SBOM, in SPDX), and the notes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { filesOf } from "./files.mjs";
import { notesOf } from "./notes.mjs";
import { runReleaseStep } from "./release-step.mjs";

await runReleaseStep(() => {
  const files = filesOf(process.argv[2]);
  const { version } = files;
  const notes = notesOf(readFileSync("CHANGELOG.md", "utf8"), version);
  mkdirSync(path.dirname(files.package), { recursive: true });
  // The hook "prepack" builds dist/package/.
  npm("pack", "--silent", "--pack-destination", path.dirname(files.package));
  writeFileSync(
    files.sbom,
    npm("sbom", "--sbom-format", "spdx", "--sbom-type", "library", "--omit", "dev", "--package-lock-only"),
  );
  writeFileSync(files.notes, notes);
});

/** @param {string[]} args */
function npm(...args) {
  const shell = process.platform === "win32";
  return execFileSync("npm", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 26,
    shell,
  });
}
