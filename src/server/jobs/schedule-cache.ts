import type { RecordedSchedule } from "../../scheduler/state-document.ts";
import { type PreparedSchedule, prepareSchedule } from "../../scheduler/what-comes-next.ts";

const MAX_SCHEDULES = 1_000;

/** Parsed schedules. Many jobs have the same one, and parsing costs more than all that a summary computes from it. */
export class ScheduleCache {
  readonly #parse: typeof prepareSchedule;
  readonly #prepared = new Map<string, Promise<PreparedSchedule | null>>();

  constructor(parse = prepareSchedule) {
    this.#parse = parse;
  }

  prepare(recorded: RecordedSchedule | undefined): Promise<PreparedSchedule | null> {
    if (recorded === undefined) return Promise.resolve(null);
    const { jobInterval, timezone, startBuffer } = recorded;
    const key = JSON.stringify([jobInterval, timezone, startBuffer]);
    let prepared = this.#prepared.get(key);
    if (prepared === undefined) {
      prepared = this.#parse(recorded);
      // A map keeps the order of its keys: the first one is the oldest.
      const [oldest] = this.#prepared.keys();
      if (this.#prepared.size >= MAX_SCHEDULES && oldest !== undefined) this.#prepared.delete(oldest);
      this.#prepared.set(key, prepared);
    }
    return prepared;
  }
}
