// Checks that a tag may be released: `TAG=v1.2.3 node build/release/check.mjs`. It writes the outputs of its step. The
// sources are checked out at the tag, with all of main.
import { appendFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { Git } from "./git.mjs";
import { notesOf } from "./notes.mjs";
import { runReleaseStep } from "./release-step.mjs";
import { compareVersions, parseTag, readTag } from "./version.mjs";

await runReleaseStep(() => {
  const folder = process.cwd();
  const version = parseTag(process.env.TAG);
  const git = new Git(folder, process.env);
  const commit = git.run("rev-parse", "--verify", "HEAD^{commit}");
  const tags = git.remoteTags();
  checkCommit(version, commit, tags);
  if (!git.holds("merge-base", "--is-ancestor", commit, "refs/remotes/origin/main")) {
    throw new Error(`${version.tag} is commit ${commit}, which is not on main: tag a commit of main`);
  }
  checkFiles(folder, version, process.env.GITHUB_REPOSITORY);
  checkNewest(version, tags);
  const majorTag = checkMajorTag(version, commit, tags);
  const prerelease = version.prerelease.length > 0;
  const outputs = { version: version.version, prerelease: String(prerelease), "major-tag-was": majorTag };
  for (const [name, value] of Object.entries(outputs)) {
    console.log(`${name}: ${value}`);
    if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`);
  }
});

/** @typedef {import("./version.mjs").Version} Version */
/** @typedef {ReturnType<Git["remoteTags"]>} Tags */

/** @param {Version} version @param {string} commit @param {Tags} tags */
function checkCommit({ tag }, commit, tags) {
  const tagged = tags.get(tag)?.commit;
  if (tagged === undefined) throw new Error(`origin has no tag ${tag}: push it first`);
  if (tagged !== commit) throw new Error(`${tag} is commit ${tagged} in origin, but commit ${commit} is checked out`);
}

/** @param {string} folder @param {Version} version @param {string | undefined} repository `OWNER/NAME`. */
function checkFiles(folder, { tag, version }, repository) {
  /** @param {string} file */
  const read = (file) => readFileSync(path.join(folder, file), "utf8");
  const manifest = JSON.parse(read("package.json"));
  const lock = JSON.parse(read("package-lock.json"));
  const versions = {
    "package.json": manifest.version,
    "package-lock.json": lock.version,
    'packages[""] of package-lock.json': lock.packages[""].version,
  };
  for (const [place, found] of Object.entries(versions)) {
    if (found !== version) {
      throw new Error(`${tag} needs the version ${version}, but ${place} has ${found}: npm version ${version}`);
    }
  }
  notesOf(read("CHANGELOG.md"), version);
  // npm refuses the provenance of a package that names another repository.
  const url = `git+https://github.com/${repository}.git`;
  if (manifest.repository?.url !== url) {
    throw new Error(
      `package.json has the repository ${JSON.stringify(manifest.repository?.url)}, but this is "${url}"`,
    );
  }
}

/**
 * `v1`, `latest` and the image's tags move forward only.
 *
 * @param {Version} version @param {Tags} tags
 */
function checkNewest(version, tags) {
  for (const name of tags.keys()) {
    const other = readTag(name);
    if (other === null || compareVersions(other, version) <= 0) continue;
    // A correction may come while prereleases of a later version are tried.
    if (other.prerelease.length > 0 && version.prerelease.length === 0) continue;
    throw new Error(`${version.tag} is older than ${name}, which exists: only the newest version is released`);
  }
}

/**
 * @param {Version} version @param {string} commit @param {Tags} tags
 * @returns the object that the major tag names now. Empty if there is no such tag.
 */
function checkMajorTag({ majorTag }, commit, tags) {
  const now = tags.get(majorTag);
  if (now === undefined) return "";
  const releases = [...tags].filter(([name]) => {
    const version = readTag(name);
    return version?.majorTag === majorTag && version.prerelease.length === 0;
  });
  if (now.commit !== commit && !releases.some(([, { commit }]) => commit === now.commit)) {
    throw new Error(
      `${majorTag} is commit ${now.commit}, which is no release. Find out who moved the tag, and move it back first`,
    );
  }
  return now.object;
}
