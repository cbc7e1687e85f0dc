// The process of process-host.mjs. It ends when the other one disconnects or dies.
import { spawn } from "node:child_process";
import { once } from "node:events";

process.on("message", (/** @type {any} */ { id, run }) => {
  runToEnd(run).then(
    (ended) => process.send?.({ id, ended }),
    (error) => process.send?.({ id, error }),
  );
});

/** @param {import("./process-host.mjs").Run} run @returns {Promise<import("./process-host.mjs").Ended>} */
async function runToEnd({ program, args = [], env, input = "" }) {
  const child = spawn(program, args, { env });
  // Some programs read no input, and may exit before it is written.
  child.stdin.on("error", () => {}).end(input);
  const [output, errors, [exitCode]] = await Promise.all([
    bytesOf(child.stdout),
    bytesOf(child.stderr),
    once(child, "close"),
  ]);
  return { exitCode, output, errors: errors.toString() };
}

/** @param {AsyncIterable<Buffer>} stream */
async function bytesOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
