import type { RecordedSchedule } from "../../scheduler/state-document.ts";
import { type PreparedSchedule, prepareSchedule } from "../../scheduler/what-comes-next.ts";

const MAX_SCHEDULES = 1_000;

/**
 * Parsed schedules. Many jobs have the same schedule, and parsing it costs more than all that a summary computes from it.
 *
 * A full cache replaces a random schedule. All jobs are read in the same order each time: with more schedules than the cache
 * can hold, each replacement by age or by last use would remove a schedule right before its next use.
 */
export class ScheduleCache {
  readonly #parse: typeof prepareSchedule;
  readonly #random: () => number;
  readonly #prepared = new Map<string, Promise<PreparedSchedule | null>>();
  readonly #keys: string[] = [];

  /** @param random Returns a number of at least 0 and less than 1. */
  constructor(parse = prepareSchedule, random = Math.random) {
    this.#parse = parse;
    this.#random = random;
  }

  prepare(recorded: RecordedSchedule | undefined): Promise<PreparedSchedule | null> {
    if (recorded === undefined) return Promise.resolve(null);
    const { jobInterval, timezone, startBuffer } = recorded;
    const key = JSON.stringify([jobInterval, timezone, startBuffer]);
    let prepared = this.#prepared.get(key);
    if (prepared === undefined) {
      prepared = this.#parse(recorded);
      this.#add(key, prepared);
    }
    return prepared;
  }

  #add(key: string, prepared: Promise<PreparedSchedule | null>): void {
    const isFull = this.#keys.length === MAX_SCHEDULES;
    const at = isFull ? Math.floor(this.#random() * MAX_SCHEDULES) : this.#keys.length;
    const replaced = this.#keys[at];
    if (replaced !== undefined) this.#prepared.delete(replaced);
    this.#keys[at] = key;
    this.#prepared.set(key, prepared);
  }
}
