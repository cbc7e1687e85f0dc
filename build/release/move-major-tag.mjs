// Moves the major tag to a release: `TAG=v1.2.3 MAJOR_TAG_WAS=OBJECT node build/release/move-major-tag.mjs`. MAJOR_TAG_WAS is
// an output of check.mjs: the object that the major tag named then, empty if there was no such tag.
import { Git } from "./git.mjs";
import { runReleaseStep } from "./release-step.mjs";
import { parseTag } from "./version.mjs";

await runReleaseStep(() => {
  const { tag, majorTag, prerelease } = parseTag(process.env.TAG);
  const was = process.env.MAJOR_TAG_WAS ?? "";
  if (prerelease.length > 0) throw new Error(`${tag} is a prerelease, so ${majorTag} stays where it is`);
  if (!/^([0-9a-f]{40,64})?$/.test(was)) throw new Error(`MAJOR_TAG_WAS is no object of git: ${JSON.stringify(was)}`);

  const git = new Git(process.cwd(), process.env);
  const commit = git.run("rev-parse", "--verify", "HEAD^{commit}");
  const tags = git.remoteTags();
  if (tags.get(tag)?.commit !== commit) {
    throw new Error(`${tag} is commit ${tags.get(tag)?.commit} in origin, but commit ${commit} is checked out`);
  }
  if (tags.get(majorTag)?.commit === commit) {
    console.log(`${majorTag} is ${tag} already`);
    return;
  }
  const ref = `refs/tags/${majorTag}`;
  try {
    // The lease makes the server compare and move in one step. An empty one demands that there is no such tag.
    git.run("push", "--quiet", `--force-with-lease=${ref}:${was}`, "origin", `${commit}:${ref}`);
  } catch (cause) {
    const now = git.remoteTags().get(majorTag)?.object ?? "";
    if (now === was) throw cause;
    throw new Error(
      `${majorTag} was moved during this release, from ${was || "no object"} to ${now || "no object"}, and stays there. ` +
        `RELEASING.md says what to do`,
      { cause },
    );
  }
  console.log(`${majorTag} is ${tag} now`);
});
