import { execFileSync } from "node:child_process";
import path from "node:path";

/**
 * Makes a bare repository with many refs, as one with many pull requests has.
 *
 * @param {string} repository Its folder. @param {number} refs
 */
export function makeRepository(repository, refs) {
  git(".", ["init", "--quiet", "--bare", repository]);
  const id = commit(repository, "refs/heads/main", "A repository with pull requests");
  const creations = Array.from({ length: refs - 1 }, (_, number) => `create refs/pull/${number}/head ${id}\n`);
  git(repository, ["update-ref", "--stdin"], creations.join(""));
  git(repository, ["pack-refs", "--all"]);
}

/**
 * Sets the finished interval of a job back by a year, and gives the job the longest history.
 *
 * @param {string} repository @param {string} job
 */
export function setBack(repository, job) {
  const refs = git(repository, ["for-each-ref", "--format=%(refname)", "refs/cronyx/"]).split("\n");
  const ref = refs.find((name) => path.posix.basename(name).startsWith(`${job}-`)) ?? "";
  const [subject, json = ""] = git(repository, ["log", "-1", "--format=%B", ref]).split(/\n\n(?=\{)/);
  const state = JSON.parse(json);
  state.finishedUntil = new Date(Date.parse(state.finishedUntil) - 365 * 24 * 3_600_000).toISOString();
  state.history = Array.from({ length: 20 }, () => state.history[0]);
  commit(repository, ref, `${subject}\n\n${JSON.stringify(state, null, 2)}`);
}

/** @param {string} repository @param {string} ref @param {string} message */
function commit(repository, ref, message) {
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
  const id = git(repository, [...identity, "commit-tree", git(repository, ["mktree"]), "-F", "-"], message);
  git(repository, ["update-ref", ref, id]);
  return id;
}

/** @param {string} cwd @param {string[]} args */
export function git(cwd, args, input = "") {
  return execFileSync("git", args, { cwd, input, encoding: "utf8" }).trim();
}
