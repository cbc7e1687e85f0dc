import type { Instant } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { JobStore, Reading, Swap } from "../../src/store/job-store.ts";
import { stateIn } from "../../src/store/json-document.ts";

/** A store in memory. Several stores may share one map of documents. */
export class MemoryStore implements JobStore {
  /** The time of the store's own clock. Null: it has none. */
  now: Instant | null = null;
  readonly #documents: Map<string, { version: string; json: string }>;

  constructor(documents = new Map<string, { version: string; json: string }>()) {
    this.#documents = documents;
  }

  async read(names: readonly string[]): Promise<Reading> {
    const records = new Map(
      names.flatMap((name) => {
        const document = this.#documents.get(name);
        if (document === undefined) return [];
        return [[name, { version: document.version, state: stateIn(document.json, name, "memory") }] as const];
      }),
    );
    return { records, now: this.now };
  }

  async swap(expected: string | null, state: JobState): Promise<Swap> {
    if ((this.#documents.get(state.name)?.version ?? null) !== expected) {
      return { version: null, effect: "none" };
    }
    const version = crypto.randomUUID();
    this.#documents.set(state.name, { version, json: JSON.stringify(state) });
    return { version };
  }

  async list(): Promise<readonly string[]> {
    return [...this.#documents.keys()].sort();
  }

  async close(): Promise<void> {}
}
