import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("clocked-process.ts", import.meta.url));
const NOON = Date.parse("2026-11-24T12:00:00Z");

/** Sets clocks, by their names. */
export interface ClockMessage {
  readonly id: number;
  readonly times: readonly (readonly [clock: string, time: number])[];
}

/** A server's process. */
class Serving {
  readonly ended: Promise<unknown>;
  port = 0;
  readonly #child: ChildProcess;
  readonly #unheard = new Map<number, () => void>();
  #messages = 0;

  static async start(url: string): Promise<Serving> {
    const child = fork(SCRIPT, [url], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const serving = new Serving(child);
    const ready = await Promise.race([once(child, "message"), serving.ended.then(() => null)]);
    if (ready === null) throw new Error("A server didn't start: see above");
    serving.port = ready[0].port;
    return serving;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, "exit").then(() => {
      for (const heard of this.#unheard.values()) heard();
    });
    child.on("message", ({ id }: ClockMessage) => this.#unheard.get(id)?.());
  }

  /** Waits until the process goes by these times, or is no more. */
  async set(times: ClockMessage["times"]): Promise<void> {
    const id = ++this.#messages;
    const heard = new Promise<void>((resolve) => this.#unheard.set(id, resolve));
    this.#child.send({ id, times } satisfies ClockMessage, () => {});
    await heard;
    this.#unheard.delete(id);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/**
 * Servers on one database, each in a process of its own. A request's clock is the one named like the host that it was sent
 * to, so that many stories go on at once, each in its own time.
 */
export class ClockedServers {
  /** How many processes ended that nobody had killed. */
  crashes = 0;
  readonly #url: string;
  readonly #clocks = new Map<string, number>();
  /** All that have to know the time. */
  readonly #living = new Set<Serving>();
  /** Those of them that are asked. */
  readonly #serving: Serving[] = [];
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
    await Promise.all([...this.#living].map((serving) => serving.set([[clock, time]])));
  }

  /** @returns the port of one server after the other; null while there is none. */
  port(): number | null {
    return this.#serving[this.#turn++ % this.#serving.length]?.port ?? null;
  }

  /** Starts one more server, and lets it serve once it can. */
  async add(): Promise<void> {
    const serving = await Serving.start(this.#url);
    this.#living.add(serving);
    void serving.ended.then(() => {
      if (this.#living.delete(serving)) this.crashes++;
    });
    await serving.set([...this.#clocks]);
    this.#serving.push(serving);
  }

  /** Kills the server that has served longest, in the midst of what it does. */
  async kill(): Promise<void> {
    const serving = this.#serving.shift();
    if (serving !== undefined) await this.#kill(serving);
  }

  async close(): Promise<void> {
    this.#serving.length = 0;
    await Promise.all([...this.#living].map((serving) => this.#kill(serving)));
  }

  async #kill(serving: Serving): Promise<void> {
    this.#living.delete(serving);
    await serving.kill();
  }
}
