// Runs git for a release, and reads the tags of the remote repository.
import { execFileSync } from "node:child_process";

export class Git {
  #folder;
  #env;

  /** @param {string} folder @param {NodeJS.ProcessEnv} env */
  constructor(folder, env) {
    this.#folder = folder;
    this.#env = env;
  }

  /** @param {string[]} args @returns {string} what git prints, without the last line's end. */
  run(...args) {
    const options = { cwd: this.#folder, env: { ...this.#env, LC_ALL: "C" }, maxBuffer: 2 ** 26 };
    return execFileSync("git", args, { ...options, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trimEnd();
  }

  /** @param {string[]} args @returns whether git exits with 0. Another exit code than 1 is an error. */
  holds(...args) {
    try {
      this.run(...args);
      return true;
    } catch (error) {
      if (error instanceof Error && "status" in error && error.status === 1) return false;
      throw error;
    }
  }

  /**
   * @returns {Map<string, { object: string, commit: string }>} the object and the commit of each tag of `origin`. They differ
   * for an annotated tag.
   */
  remoteTags() {
    const tags = new Map();
    for (const line of this.run("ls-remote", "--tags", "origin").split("\n").filter(Boolean)) {
      const [object = "", ref = ""] = line.split("\t");
      const name = ref.slice("refs/tags/".length);
      // git lists the object of an annotated tag first, and then its commit, with "^{}".
      if (name.endsWith("^{}")) tags.get(name.slice(0, -"^{}".length)).commit = object;
      else tags.set(name, { object, commit: object });
    }
    return tags;
  }
}
