import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("clocked-process.ts", import.meta.url));
const NOON = Date.parse("2026-11-24T12:00:00Z");

/** A message that sets clocks, by their names. */
export interface ClockMessage {
  readonly id: number;
  readonly times: readonly (readonly [clock: string, time: number])[];
}

/** A server in a process of its own. */
class ServerProcess {
  readonly ended: Promise<unknown>;
  port = 0;
  readonly #child: ChildProcess;
  readonly #unconfirmed = new Map<number, () => void>();
  #messages = 0;

  static async start(url: string): Promise<ServerProcess> {
    const child = fork(SCRIPT, [url], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const server = new ServerProcess(child);
    const ready = await Promise.race([once(child, "message"), server.ended.then(() => null)]);
    if (ready === null) throw new Error("A server did not start: see above");
    server.port = ready[0].port;
    return server;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, "exit").then(() => {
      for (const confirmed of this.#unconfirmed.values()) confirmed();
    });
    child.on("message", ({ id }: ClockMessage) => this.#unconfirmed.get(id)?.());
  }

  /** Waits until the process has set its clocks, or has ended. */
  async set(times: ClockMessage["times"]): Promise<void> {
    const id = ++this.#messages;
    const confirmed = new Promise<void>((resolve) => this.#unconfirmed.set(id, resolve));
    this.#child.send({ id, times } satisfies ClockMessage, () => {});
    await confirmed;
    this.#unconfirmed.delete(id);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/**
 * Servers on one database, each in a process of its own. The host in a request names its clock, so that many sequences are
 * played at once, each by a clock of its own.
 */
export class ClockedServers {
  /** How many processes ended that were not killed. */
  crashes = 0;
  readonly #url: string;
  readonly #clocks = new Map<string, number>();
  /** All running servers: each must get the time. */
  readonly #running = new Set<ServerProcess>();
  /** The servers that get requests, oldest first. */
  readonly #server: ServerProcess[] = [];
  #turn = 0;

  static async start(url: string, processes: number): Promise<ClockedServers> {
    const servers = new ClockedServers(url);
    await Promise.all(Array.from({ length: processes }, () => servers.add()));
    return servers;
  }

  private constructor(url: string) {
    this.#url = url;
  }

  now(clock: string): number {
    return this.#clocks.get(clock) ?? NOON;
  }

  async advance(clock: string, ms: number): Promise<void> {
    const time = this.now(clock) + ms;
    this.#clocks.set(clock, time);
    await Promise.all([...this.#running].map((server) => server.set([[clock, time]])));
  }

  /** @returns the port of the next server in turn; null while there is none. */
  port(): number | null {
    return this.#server[this.#turn++ % this.#server.length]?.port ?? null;
  }

  /** Starts one more server. It gets requests once it has the time. */
  async add(): Promise<void> {
    const server = await ServerProcess.start(this.#url);
    this.#running.add(server);
    void server.ended.then(() => {
      if (this.#running.delete(server)) this.crashes++;
    });
    await server.set([...this.#clocks]);
    this.#server.push(server);
  }

  /** Kills the oldest server, with its requests in flight. */
  async kill(): Promise<void> {
    const server = this.#server.shift();
    if (server !== undefined) await this.#kill(server);
  }

  async close(): Promise<void> {
    this.#server.length = 0;
    await Promise.all([...this.#running].map((server) => this.#kill(server)));
  }

  async #kill(server: ServerProcess): Promise<void> {
    this.#running.delete(server);
    await server.kill();
  }
}
