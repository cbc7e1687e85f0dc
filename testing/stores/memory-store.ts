import type { JobState } from "../../src/scheduler/state-document.ts";
import type { JobRecord, JobStore, Swap } from "../../src/store/job-store.ts";
import { stateIn } from "../../src/store/sql/job-row.ts";

/** A store in memory. Several stores may share one map of documents. */
export class MemoryStore implements JobStore {
  readonly #documents: Map<string, { version: string; json: string }>;

  constructor(documents = new Map<string, { version: string; json: string }>()) {
    this.#documents = documents;
  }

  async read(names: readonly string[]): Promise<ReadonlyMap<string, JobRecord>> {
    return new Map(
      names.flatMap((name) => {
        const document = this.#documents.get(name);
        if (document === undefined) return [];
        return [[name, { version: document.version, state: stateIn(document.json, name, "memory") }] as const];
      }),
    );
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
