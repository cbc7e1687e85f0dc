import { type Effect, ServiceError, strongerEffect } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { Backoff, clearestError } from "../../network/retry.ts";
import { StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../job-store.ts";
import { chained, documentCommit, isChained, jobNameInCommit, stateInCommit } from "./document-commit.ts";
import type { GitRemote, RefUpdate, UnusableObject } from "./git-remote.ts";
import { type GitObject, idOf, NO_OBJECT } from "./objects.ts";
import { REF_PREFIX, refOf } from "./ref-name.ts";
import { isRefusedByRule } from "./refused-by-rule.ts";

export interface GitStoreOptions {
  readonly remote: GitRemote;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

/**
 * Keeps the state document of each job in a ref of a repository. A version is the id of the commit that the ref points to,
 * and a swap moves the ref from that commit to a new one: docs/locks.md.
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
      records.set(name, { version: id, state: this.#inDocument(ref, object, (commit) => stateInCommit(commit, name)) });
    }
    return { records, now };
  }

  async list(deadline: Deadline, onDamaged?: (error: ServiceError) => void): Promise<readonly string[]> {
    const { tips } = await this.#remote.fetch({ prefix: REF_PREFIX }, deadline);
    const names: string[] = [];
    for (const { ref, object } of tips) {
      try {
        names.push(this.#inDocument(ref, object, jobNameInCommit));
      } catch (error) {
        if (!(error instanceof ServiceError) || onDamaged === undefined) throw error;
        onDamaged(error);
      }
    }
    return names.sort();
  }

  async remove(name: string, deadline: Deadline): Promise<boolean> {
    const ref = refOf(name);
    const { tips } = await this.#remote.fetch([ref], deadline);
    const [tip] = tips;
    if (tip === undefined) return false;
    // git compares a ref with its old object only if it can read that object.
    const from = tip.object.type === "unusable" ? NO_OBJECT : tip.id;
    const update = { ref, from, to: NO_OBJECT, commit: null, isChained: false };
    return (await this.#move(update, deadline)).version !== null;
  }

  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    if (expected === null || isChained(state)) return this.#move(this.#update(expected, state), deadline);
    try {
      return await this.#move(this.#update(expected, state), deadline);
    } catch (error) {
      if (!isRefusedByRule(error)) throw error;
      const { swapChained } = await import(/* webpackChunkName: "failure" */ "./chained-swap.ts");
      const swap = () => this.#move(this.#update(expected, chained(state)), deadline);
      return swapChained(swap, { refusal: error, place: this.#remote.place, log: this.#log });
    }
  }

  #update(expected: string | null, state: JobState): RefUpdate {
    const parent = isChained(state) ? expected : null;
    const commit = documentCommit(state, this.#now(), parent);
    const ref = refOf(state.name);
    return { ref, from: expected ?? NO_OBJECT, to: idOf(commit), commit, isChained: parent !== null };
  }

  close(): Promise<void> {
    return this.#remote.close();
  }

  /**
   * Moves a ref. After a failed push it reads the ref again: a server's words never show whether this update moved it. If
   * the ref has not moved, the failure decides whether the same update is sent again: docs/locks.md has the table.
   */
  async #move(update: RefUpdate, deadline: Deadline): Promise<Swap> {
    const backoff = new Backoff(deadline);
    let effect: Effect = "none";
    let refusal: ServiceError | null = null;
    try {
      for (;;) {
        const answer = await this.#remote.push(update, deadline);
        if (answer.outcome === "moved") return { version: update.to };
        const { failure } = answer;
        refusal = failure;
        effect = strongerEffect(effect, failure.effect);

        const [tip] = await this.#remote.tips([update.ref], deadline);
        const id = tip?.id ?? NO_OBJECT;
        if (id === update.to) return { version: id };
        if (id !== update.from) return { version: null, effect };

        if (failure.retryAfter === null || !(await backoff.wait(failure, this.#log))) throw failure;
      }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw clearestError(error, refusal, deadline).withEffect(strongerEffect(effect, error.effect));
    }
  }

  #inDocument<T>(ref: string, object: GitObject | UnusableObject, read: (commit: GitObject) => T): T {
    const about = { ref: { repository: this.#remote.place, name: ref }, effect: "none" } as const;
    const damaged = (why: string, cause?: unknown) => {
      const place = `The state document at ${ref} in ${this.#remote.place}`;
      return new ServiceError("document-damaged", { ...about, place, problem: `is damaged (${why})`, cause });
    };
    if (object.type === "unusable") {
      if (object.code === "document-damaged") throw damaged(object.words);
      const problem = `has lost the object that ${ref} points to (${object.words})`;
      throw new ServiceError("ref-without-object", { ...about, place: this.#remote.place, problem });
    }
    try {
      return read(object);
    } catch (cause) {
      throw cause instanceof StateError ? damaged(cause.message, cause) : cause;
    }
  }
}
