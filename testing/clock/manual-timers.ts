import { expect } from "@jest/globals";
import type { Timers } from "../../src/backend/lock-renewal.ts";
// A renewal loads these modules. The first import takes several turns of the event loop, and `advance` waits for one.
import "../../src/scheduler/duration-shift.ts";
import "../../src/scheduler/rare-transitions.ts";

/** Timers that fire as a test moves the time. None of them may be longer than Node's longest. */
export class ManualTimers implements Timers {
  now = 0;
  readonly #pending = new Set<{ readonly at: number; readonly callback: () => void }>();

  readonly monotonic = () => this.now;

  readonly after = (ms: number, callback: () => void) => {
    expect(ms).toBeLessThanOrEqual(2 ** 31 - 1);
    const timer = { at: this.now + ms, callback };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  };

  get pending(): number {
    return this.#pending.size;
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const [next] = [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.now = next.at;
      next.callback();
      await new Promise(setImmediate);
    }
    this.now = end;
  }
}
