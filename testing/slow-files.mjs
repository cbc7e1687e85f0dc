/** Milliseconds after which a test file counts as slow. None takes so long on an idle machine. */
const LONG = 60_000;

/** A reporter that names the test files that take long, since the runner of the fast tests has no limit for a test. */
export default class SlowFiles {
  /** @type {Map<string, NodeJS.Timeout>} */
  #timers = new Map();

  /** @param {{ readonly path: string }} file */
  onTestFileStart({ path }) {
    const warn = () => console.error(`${path} still runs after ${LONG / 1000} s`);
    this.#timers.set(path, setTimeout(warn, LONG));
  }

  /** @param {{ readonly path: string }} file */
  onTestFileResult({ path }) {
    clearTimeout(this.#timers.get(path));
  }
}
