import type { ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { GitObject, ObjectId } from "./objects.ts";

/** A ref and the object that it points to. */
export interface Tip {
  readonly ref: string;
  readonly id: ObjectId;
}

/**
 * Moves a ref from `from` to `to`, if it still points to `from`.
 *
 * - To create a ref, `from` is {@link NO_OBJECT}: the ref must not exist.
 * - To remove a ref, `to` is {@link NO_OBJECT} and `commit` is null.
 * - To remove a ref wherever it points, `from` is {@link NO_OBJECT} too.
 */
export interface RefUpdate {
  readonly ref: string;
  readonly from: ObjectId;
  readonly to: ObjectId;
  readonly commit: GitObject | null;
  /** Whether `from` is the parent of the commit, so that the update is a fast-forward. */
  readonly isChained: boolean;
}

export type PushAnswer =
  | { readonly outcome: "moved" }
  /**
   * The server refused, or no usable answer came: the failure's effect tells whether the ref may have moved, or still may.
   * A refusal has the same words when another caller moved the ref and when something else is in the way.
   */
  | { readonly outcome: "failed"; readonly failure: ServiceError };

/** A git repository on another machine, or in another folder. Calls throw a ServiceError when it cannot be used. */
export interface GitRemote {
  /** The repository's address, for messages. */
  readonly place: string;
  /** @returns the object that each of these refs points to. Refs that do not exist are left out. */
  tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]>;
  /** The same, with the objects. With a prefix: of all refs that start with it. */
  fetch(refs: readonly string[] | { readonly prefix: string }, deadline: Deadline): Promise<Fetched>;
  /** Sends an update once. */
  push(update: RefUpdate, deadline: Deadline): Promise<PushAnswer>;
  close(): Promise<void>;
}

export interface Fetched {
  readonly tips: readonly FetchedTip[];
  /** The time of the server's clock, in whole seconds, or null if it did not send any. */
  readonly now: Instant | null;
}

export interface FetchedTip extends Tip {
  readonly object: GitObject | UnusableObject;
}

/** Takes the place of an object that a ref points to, but that the repository lacks or that cannot be read. */
export interface UnusableObject {
  readonly type: "unusable";
  readonly code: "ref-without-object" | "document-damaged";
  readonly words: string;
}
