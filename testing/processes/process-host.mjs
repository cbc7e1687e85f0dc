import { fork } from "node:child_process";
import path from "node:path";

/**
 * @typedef {object} Run
 * @property {string} program
 * @property {readonly string[]} [args]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string | Buffer} [input] The standard input.
 */
/** @typedef {{ exitCode: number | null, output: Buffer, errors: string }} Ended */

const MAIN = path.join(import.meta.dirname, "process-host-main.mjs");

/**
 * A small process that starts others. A fork takes the longer the more memory its process has: 1 ms there, and 5 to 10 ms in
 * Jest. The process starts with the first run.
 */
export class ProcessHost {
  /** @type {import("node:child_process").ChildProcess | null} */
  #host = null;
  #lastId = 0;
  /** @type {Map<number, { resolve: (ended: Ended) => void, reject: (error: Error) => void }>} */
  #running = new Map();

  /** Runs a program to its end. @param {Run} run @returns {Promise<Ended>} */
  run({ env = process.env, ...run }) {
    this.#host ??= this.#start();
    const id = ++this.#lastId;
    const ended = new Promise((resolve, reject) => this.#running.set(id, { resolve, reject }));
    // Only a plain object can be sent.
    this.#host.send({ id, run: { ...run, env: { ...env } } });
    return ended;
  }

  /** Ends the process, when nothing runs any more. */
  close() {
    if (this.#host?.connected) this.#host.disconnect();
  }

  #start() {
    const host = fork(MAIN, { serialization: "advanced", execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
    host.on("message", (/** @type {any} */ { id, ended, error }) => {
      const run = this.#running.get(id);
      this.#running.delete(id);
      if (error === undefined) run?.resolve(ended);
      else run?.reject(error);
    });
    host.on("exit", () => {
      for (const { reject } of this.#running.values()) reject(new Error("The process host has ended"));
      this.#running.clear();
      this.#host = null;
    });
    return host;
  }
}
