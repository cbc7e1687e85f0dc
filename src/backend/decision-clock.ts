import { type Instant, SECOND, toIso } from "../scheduler/instant.ts";

/** A store's clock shows whole seconds, and an answer takes time too. Up to this difference the local clock counts. */
const TOLERANCE = 2 * SECOND;

interface DecisionClockOptions {
  readonly local: () => Instant;
  readonly log: (line: string) => void;
}

/**
 * The clock that decisions go by: the store's, where the store has one. Runners and servers whose own clocks differ then
 * decide alike. See docs/semantics.md, "Decision".
 */
export class DecisionClock {
  readonly #local: () => Instant;
  readonly #log: (line: string) => void;
  /** How far the store's clock is ahead of the local one, in milliseconds, as of the last reading. */
  #offset = 0;
  #isLogged = false;

  constructor({ local, log }: DecisionClockOptions) {
    this.#local = local;
    this.#log = log;
  }

  /** @returns the present instant, by the last reading of the store's clock. */
  now(): Instant {
    return this.#local() + this.#offset;
  }

  /** @param storeNow The present time of the store's clock, or null if the store has none. @returns the present instant. */
  read(storeNow: Instant | null): Instant {
    const local = this.#local();
    const difference = storeNow === null ? 0 : storeNow - local;
    this.#offset = Math.abs(difference) > TOLERANCE ? difference : 0;
    if (storeNow !== null && this.#offset !== 0) this.#logOnce(storeNow, local);
    return local + this.#offset;
  }

  #logOnce(storeNow: Instant, local: Instant): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    this.#log(
      `The clock of this machine says ${toIso(local)}, and the clock of the store ${toIso(storeNow)}: decisions go by the store's`,
    );
  }
}
