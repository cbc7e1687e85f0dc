import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Waits until a program has logged a text on its standard error.
 *
 * @param name The program, for messages.
 * @returns a promise that resolves when the program exits.
 */
export async function untilLogged(child: ChildProcess, text: string, name: string) {
  const { stderr } = child;
  if (stderr === null) throw new Error(`The standard error of ${name} is not a pipe`);
  let log = "";
  stderr.on("data", (chunk) => {
    log += chunk;
  });
  const exit = once(child, "exit");
  while (!log.includes(text)) {
    await Promise.race([once(stderr, "data"), exit]);
    if (child.exitCode !== null) throw new Error(`${name} did not start:\n${log}`);
  }
  return { exit };
}
