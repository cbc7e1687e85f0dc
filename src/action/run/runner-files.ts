import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Environment } from "../../network/environment.ts";

/**
 * The files through which this step talks to its runner. A command may write into them, empty them, or remove them with all
 * temporary files: it gets the paths of some, and the others are in the same folder.
 */
export class RunnerFiles {
  readonly #env: Environment;
  readonly #state: string | null;

  /** Reads the state that {@link restore} writes again, so it is made before the command runs. */
  constructor(env: Environment) {
    this.#env = env;
    this.#state = contentsOf(env.GITHUB_STATE);
  }

  /**
   * Repairs the files after the command. The state gets its old content, since a command has no business with it. The outputs
   * become a file that ends with a whole line.
   *
   * @throws if a file cannot be written.
   */
  restore(): void {
    const { GITHUB_STATE: state, GITHUB_OUTPUT: outputs } = this.#env;
    if (state && this.#state !== null && contentsOf(state) !== this.#state) {
      mkdirSync(path.dirname(state), { recursive: true });
      // At each instant the file is whole: this process may be killed here.
      writeFileSync(`${state}.restored`, this.#state);
      renameSync(`${state}.restored`, state);
    }
    if (!outputs) return;
    mkdirSync(path.dirname(outputs), { recursive: true });
    const text = contentsOf(outputs) ?? "";
    appendFileSync(outputs, text === "" || text.endsWith("\n") ? "" : "\n");
  }
}

/** @returns null without a file, and for one that cannot be read. */
function contentsOf(file: string | undefined): string | null {
  try {
    return file ? readFileSync(file, "utf8") : null;
  } catch {
    return null;
  }
}
