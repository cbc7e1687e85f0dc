import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { ROOT } from "./code-blocks.ts";
import type { ReadersShell } from "./readers-shell.ts";

export type ReadersServer = Awaited<ReturnType<ReadersServers["start"]>>;

/** The servers that a reader starts in this clone. */
export class ReadersServers {
  readonly #shell: ReadersShell;
  readonly #running = new Set<ChildProcess>();

  constructor(shell: ReadersShell) {
    this.#shell = shell;
  }

  /** Runs a command that starts a server, and waits until the server listens. */
  async start(command: string, env: Readonly<Record<string, string>>) {
    const { NODE_COMPILE_CACHE = "" } = process.env;
    const child = this.#shell.start(command, { cwd: ROOT, env: { NODE_COMPILE_CACHE, ...env } });
    this.#running.add(child);
    const closed = once(child, "close");
    const log: string[] = [];
    const url = await new Promise<string>((resolve, reject) => {
      for (const input of [child.stdout, child.stderr]) {
        createInterface({ input }).on("line", (line) => {
          log.push(line);
          const [, listening] = /"listening on (http:[^"]+)"/.exec(line) ?? [];
          if (listening !== undefined) resolve(listening);
        });
      }
      closed.then(() => reject(new Error(`The server does not listen:\n${log.join("\n")}`)));
    });
    return {
      url,
      /** Stops the server as Ctrl+C in a terminal does. @returns the lines of its log. */
      stop: async () => {
        signal(child, "SIGINT");
        await closed;
        this.#running.delete(child);
        return log;
      },
    };
  }

  killAll(): void {
    for (const child of this.#running) signal(child, "SIGKILL");
    this.#running.clear();
  }
}

/** npm is not the only process of `npm run`. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, name);
}
