import { type Effect, ServiceError, strongerEffect } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { Backoff } from "../../network/retry.ts";
import { StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../job-store.ts";
import { documentCommit, jobNameInCommit, stateInCommit } from "./document-commit.ts";
import type { GitRemote, PushAnswer, RefUpdate } from "./git-remote.ts";
import { idOf, NO_OBJECT } from "./objects.ts";
import { REF_PREFIX, refOf } from "./ref-name.ts";

/** A push can be rejected while the ref is unchanged: another push holds the ref's lock file. That passes quickly. */
const MOST_REJECTIONS = 5;

export interface GitStoreOptions {
  readonly remote: GitRemote;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

/**
 * The register in a repository's refs, one for each job. A version is the id of the commit that the ref points to, and a
 * swap moves the ref from that commit to a new one: docs/locks.md.
 */
export class GitStore implements JobStore {
  readonly #remote: GitRemote;
  readonly #log: (line: string) => void;
  readonly #now: () => number;

  constructor({ remote, log, now }: GitStoreOptions) {
    this.#remote = remote;
    this.#log = log;
    this.#now = now;
  }

  async read(names: readonly string[], deadline: Deadline): Promise<Reading> {
    const nameOf = new Map(names.map((name) => [refOf(name), name]));
    const records = new Map<string, JobRecord>();
    // Without a prefix a server lists all of its refs.
    if (names.length === 0) return { records, now: null };
    const { tips, now } = await this.#remote.fetch([...nameOf.keys()], deadline);
    for (const { ref, id, object } of tips) {
      const name = nameOf.get(ref);
      if (name === undefined) continue;
      records.set(name, { version: id, state: this.#inDocument(ref, () => stateInCommit(object, name)) });
    }
    return { records, now };
  }

  async list(deadline: Deadline): Promise<readonly string[]> {
    const { tips } = await this.#remote.fetch({ prefix: REF_PREFIX }, deadline);
    return tips.map(({ ref, object }) => this.#inDocument(ref, () => jobNameInCommit(object))).sort();
  }

  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const commit = documentCommit(state, this.#now());
    const update = { ref: refOf(state.name), from: expected ?? NO_OBJECT, to: idOf(commit), commit };
    return this.#move(update, deadline);
  }

  close(): Promise<void> {
    return this.#remote.close();
  }

  /** The ref alone tells whether this update moved it: a server's words never do, so the ref is read again. */
  async #move(update: RefUpdate, deadline: Deadline): Promise<Swap> {
    const backoff = new Backoff(deadline);
    let effect: Effect = "none";
    try {
      for (let rejections = 0; ; ) {
        const answer = await this.#remote.push(update, deadline);
        if (answer.outcome === "moved") return { version: update.to };
        if (answer.outcome === "unknown") effect = strongerEffect(effect, answer.failure.effect);
        else rejections++;

        const [tip] = await this.#remote.tips([update.ref], deadline);
        const id = tip?.id ?? NO_OBJECT;
        if (id === update.to) return { version: id };
        if (id !== update.from) return { version: null, effect };

        const failure = this.#failureOf(answer, update);
        if (rejections === MOST_REJECTIONS || !(await backoff.wait(failure, this.#log))) throw failure;
      }
    } catch (error) {
      throw error instanceof ServiceError ? error.withEffect(effect) : error;
    }
  }

  #failureOf(answer: Exclude<PushAnswer, { outcome: "moved" }>, { ref }: RefUpdate): ServiceError {
    if (answer.outcome === "unknown") return answer.failure;
    const problem = `refused to move ${ref} (${answer.words})`;
    return new ServiceError("update-refused", { place: this.#remote.place, problem, effect: "none" });
  }

  #inDocument<T>(ref: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof StateError)) throw cause;
      throw new ServiceError("document-damaged", {
        place: `The state document at ${ref} in ${this.#remote.place}`,
        problem: `is damaged (${cause.message})`,
        effect: "none",
        cause,
      });
    }
  }
}
