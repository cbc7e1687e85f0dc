import type { Deadline } from "../../network/deadline.ts";
import { Backoff, PassingFault } from "../../network/retry.ts";
import { StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type JobRecord, type JobStore, StoreError, type Swap } from "../job-store.ts";
import type { StoreTerms } from "../terms.ts";
import { documentCommit, jobNameInCommit, stateInCommit } from "./document.ts";
import type { GitRemote, RefUpdate } from "./git-remote.ts";
import { idOf, NO_OBJECT } from "./objects.ts";
import { REF_PREFIX, refOf } from "./ref-name.ts";

/** A push that is rejected though the ref is where it should be has met another racer's lock on it; but not that often. */
const MOST_REJECTIONS = 5;

const REFUSAL_REMEDY =
  "let the rules and hooks of that repository allow refs under refs/cronyx/, or keep the locks in another one with";

/**
 * The register over a repository's refs, one a job: a version is the id of the commit that the ref points to, and a
 * swap moves the ref from that commit to a new one. See docs/locks.md.
 */
export class GitStore implements JobStore {
  readonly #remote: GitRemote;
  readonly #log: (line: string) => void;
  readonly #now: () => number;
  readonly #terms: StoreTerms;

  constructor(remote: GitRemote, log: (line: string) => void, now: () => number, terms: StoreTerms) {
    this.#remote = remote;
    this.#log = log;
    this.#now = now;
    this.#terms = terms;
  }

  async read(names: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, JobRecord>> {
    const nameOf = new Map(names.map((name) => [refOf(name), name]));
    const records = new Map<string, JobRecord>();
    // Asked for no ref in particular, a repository would answer with all that it has.
    if (names.length === 0) return records;
    for (const { ref, id, object } of await this.#remote.fetch([...nameOf.keys()], deadline)) {
      const name = nameOf.get(ref);
      if (name !== undefined)
        records.set(name, { version: id, state: this.#understood(ref, () => stateInCommit(object, name)) });
    }
    return records;
  }

  async list(deadline: Deadline): Promise<readonly string[]> {
    const found = await this.#remote.fetch({ prefix: REF_PREFIX }, deadline);
    return found.map(({ ref, object }) => this.#understood(ref, () => jobNameInCommit(object))).sort();
  }

  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const commit = documentCommit(state, this.#now());
    const update = { ref: refOf(state.name), from: expected ?? NO_OBJECT, to: idOf(commit), commit };
    return this.#move(update, deadline);
  }

  close(): Promise<void> {
    return this.#remote.close();
  }

  /** Whether the ref moved by this update no word of the server decides, only where the ref is. */
  async #move(update: RefUpdate, deadline: Deadline): Promise<Swap> {
    const backoff = new Backoff(deadline);
    const { place } = this.#remote;
    let unsettled = false;
    try {
      for (let rejections = 0; ; ) {
        const answer = await this.#remote.push(update, deadline);
        if (answer.outcome === "taken") return { version: update.to };
        if (answer.outcome === "unknown") unsettled = true;
        else rejections++;

        const [tip] = await this.#remote.tips([update.ref], deadline);
        const id = tip?.id ?? NO_OBJECT;
        if (id === update.to) return { version: id };
        if (id !== update.from) return { version: null, unsettled };

        const failure =
          answer.outcome === "unknown"
            ? new StoreError("unreachable", `No answer came from ${place} on moving ${update.ref}`, {
                cause: answer.cause,
              })
            : new StoreError(
                "refused",
                `${place} refuses to move ${update.ref} (${answer.words}): ${REFUSAL_REMEDY} ${this.#terms.url}`,
              );
        const asked = failure.cause instanceof PassingFault ? failure.cause.retryAfter : 0;
        if (rejections === MOST_REJECTIONS || !(await backoff.wait(asked))) throw failure;
        this.#log(`${failure.message}; trying again`);
      }
    } catch (error) {
      if (!unsettled || !(error instanceof StoreError)) throw error;
      throw new StoreError(error.code, error.message, { cause: error.cause, unsettled });
    }
  }

  #understood<T>(ref: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof StateError)) throw cause;
      throw new StoreError(
        "damaged",
        `The state document at ${ref} of ${this.#remote.place} can't be used: ${cause.message}. Nothing was changed; see docs/locks.md on how to mend or remove it`,
        { cause },
      );
    }
  }
}
