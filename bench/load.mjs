// Starts and finishes jobs over several connections, in a process of its own. Answers with the time of each request.
import { performance } from "node:perf_hooks";
import { Connection } from "./connection.mjs";

/**
 * @typedef {object} Load
 * @property {number} port
 * @property {number} connections
 * @property {number} pairs The pairs of a start and a finish, of all connections together.
 * @property {string} prefix The jobs' names begin with it.
 * @property {number} jobs The number of jobs that take turns. Each belongs to one connection, so that connections do not race.
 */

/** The interval is one millisecond, so that a job is due again when its turn comes. */
const BODY = JSON.stringify({ jobInterval: 1 });

process.on("message", async (/** @type {Load} */ load) => {
  process.send?.(await run(load));
});
process.on("disconnect", () => process.exit());

/** @param {Load} load */
async function run({ port, connections, pairs, prefix, jobs }) {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.to(port)));
  /** @type {{ start: number[], finish: number[] }} */
  const ms = { start: [], finish: [] };
  const from = performance.now();
  await Promise.all(open.map((connection, at) => drive(connection, at)));
  const seconds = (performance.now() - from) / 1000;
  for (const connection of open) connection.close();
  return { seconds, ms };

  /** @param {Connection} connection @param {number} at */
  async function drive(connection, at) {
    const own = Math.floor((jobs - at - 1) / connections) + 1;
    const turns = Math.floor((pairs - at - 1) / connections) + 1;
    for (let turn = 0; turn < turns; turn++) {
      const path = `/${prefix}${at + (turn % own) * connections}`;
      const started = performance.now();
      const job = JSON.parse(granted(await connection.ask("POST", path, BODY)));
      const held = performance.now();
      granted(await connection.ask("PUT", `${path}/${job.id}/finish`));
      ms.start.push(held - started);
      ms.finish.push(performance.now() - held);
    }
  }
}

/** @param {{ status: number, body: string }} answer */
function granted({ status, body }) {
  if (status === 200 && body !== "null") return body;
  throw new Error(`The server answered ${status} ${body}`);
}
