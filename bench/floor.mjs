// Runs the bare statements of a start and a finish on a database, without a server, in a process of its own as the server
// is. Answers each message with the seconds that the pairs took.
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { documentOf, openRegister } from "./databases.mjs";

/**
 * @typedef {object} Floor
 * @property {string} url
 * @property {number} callers
 * @property {number} pairs The pairs of all callers together: the read and swap of a start, the swap of a finish.
 * @property {number} jobs The number of jobs that take turns.
 */

process.on("message", async (/** @type {Floor} */ floor) => {
  process.send?.(await run(floor));
});
process.on("disconnect", () => process.exit());

/** @param {Floor} floor */
async function run({ url, callers, pairs, jobs }) {
  const register = await openRegister(url, "floor");
  const prefix = `${randomUUID()}-`;
  const rows = Array.from({ length: jobs }, (_, at) => ({
    key: Buffer.from(prefix + at),
    version: randomUUID(),
    state: documentOf(prefix + at),
  }));
  await register.fill(rows);
  const from = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, at) => drive(at)));
  const seconds = (performance.now() - from) / 1000;
  await register.close();
  return { seconds };

  /** @param {number} at */
  async function drive(at) {
    for (let pair = at; pair < pairs; pair += callers) {
      const row = rows[pair % jobs];
      if (row === undefined) throw new Error("There are no jobs");
      await register.read(row.key);
      for (const _ of ["start", "finish"]) {
        const version = randomUUID();
        if (!(await register.replace(row.key, version, row.state, row.version))) throw new Error("A swap was lost");
        row.version = version;
      }
    }
  }
}
