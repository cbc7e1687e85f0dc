// Makes the release on GitHub, by `gh`: `TAG=v1.2.3 node build/release/github-release.mjs FOLDER [SECONDS]`, with the files
// that pack.mjs made. GitHub accepts no further file for an immutable release, so it is a draft until it has all files. It
// must be immutable after that time.
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { filesOf } from "./files.mjs";
import { runReleaseStep } from "./release-step.mjs";
import { parseTag } from "./version.mjs";

const RELEASES = "repos/{owner}/{repo}/releases?per_page=100";

await runReleaseStep(async () => {
  const [folder, seconds = "60"] = process.argv.slice(2);
  const { tag, prerelease } = parseTag(process.env.TAG);
  const files = filesOf(folder);
  const before = releaseOf(tag);
  // The draft is of an earlier attempt, which ended before it had all files. The tag stays.
  if (before?.draft) gh("release", "delete", tag, "--yes");
  if (before === undefined || before.draft) {
    const kind = prerelease.length > 0 ? ["--prerelease", "--latest=false"] : ["--latest"];
    const about = ["--title", tag, "--notes-file", files.notes, ...kind];
    // Without --verify-tag, gh would make a tag that is missing.
    gh("release", "create", tag, files.package, files.sbom, "--draft", "--verify-tag", ...about);
    gh("release", "edit", tag, "--draft=false");
  }
  for (const end = performance.now() + Number(seconds) * 1000; !releaseOf(tag)?.immutable; await pause(2000)) {
    if (performance.now() < end) continue;
    throw new Error(
      `The release ${tag} can be changed. Switch on immutable releases in the repository's settings, delete this release ` +
        `but not its tag, and run the failed job again`,
    );
  }
  console.log(`The release ${tag} is immutable`);
});

/** @param {string} tag */
function releaseOf(tag) {
  /** @type {{ tag_name: string, draft: boolean, immutable: boolean }[]} The newest first, with drafts. */
  const releases = JSON.parse(gh("api", RELEASES));
  return releases.find(({ tag_name }) => tag_name === tag);
}

/** @param {string[]} args */
function gh(...args) {
  return execFileSync("gh", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 26 });
}
