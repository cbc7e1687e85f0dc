// Publishes the package of a release: `node build/release/publish.mjs FOLDER`, with the files that pack.mjs made. If the
// registry has the same package already, as in the second attempt of a run, there is nothing to do.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { filesOf } from "./files.mjs";
import { runReleaseStep } from "./release-step.mjs";
import { parseTag } from "./version.mjs";

await runReleaseStep(() => {
  const files = filesOf(process.argv[2]);
  const { prerelease } = parseTag(`v${files.version}`);
  const release = `${files.name}@${files.version}`;
  const integrity = `sha512-${createHash("sha512").update(readFileSync(files.package)).digest("base64")}`;
  const published = publishedIntegrity(release);
  if (published === integrity) {
    console.log(`${release} is published already`);
    return;
  }
  if (published !== null) {
    throw new Error(
      `The registry has another ${release}, with ${published} and not ${integrity}: release a new version`,
    );
  }
  // `npm install cronyx-action` takes the version that the tag "latest" names, so a prerelease must not get it.
  const tag = prerelease.length > 0 ? "next" : "latest";
  execFileSync("npm", ["publish", files.package, "--access", "public", "--tag", tag], {
    stdio: ["ignore", "inherit", "inherit"],
  });
});

/** @param {string} release @returns {string | null} null if the registry has no such version. */
function publishedIntegrity(release) {
  const args = ["view", release, "dist.integrity", "--json", "--prefer-online"];
  const { status, stdout, stderr } = spawnSync("npm", args, { encoding: "utf8" });
  const answer = stdout.trim() === "" ? null : JSON.parse(stdout);
  if (status === 0) return answer;
  if (answer?.error?.code === "E404") return null;
  throw new Error(`The registry does not say whether it has ${release}: ${answer?.error?.summary ?? stderr}`);
}
