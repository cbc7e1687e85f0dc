/** Milliseconds. */
const LONG = 60_000;

/** A reporter that names the test files that take long, since the runner of the fast tests has no limit for a test. */
export default class SlowFiles {
  /** @type {Map<string, NodeJS.Timeout>} */
  #timers = new Map();

  /** @param {{ readonly path: string }} file */
  onTestFileStart({ path }) {
    const warn = () => console.error(`${path} has run for ${LONG / 1000} s: one of its tests may hang`);
    this.#timers.set(path, setTimeout(warn, LONG));
  }

  /** @param {{ readonly path: string }} file */
  onTestFileResult({ path }) {
    clearTimeout(this.#timers.get(path));
  }
}
