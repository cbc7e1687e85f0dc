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
 * Moves a ref to a new commit, if it still points to `from`: {@link NO_OBJECT} if the ref must not exist. With
 * {@link NO_OBJECT} as `to` and without a commit it removes the ref: with {@link NO_OBJECT} as `from`, wherever it points.
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
   * A refusal has the same words whether the ref had moved or something else is in the way.
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
  /** Asks once for a ref to be moved. */
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

/** In place of an object that a ref points to, and that cannot be used. */
export interface UnusableObject {
  readonly type: "unusable";
  readonly code: "ref-without-object" | "document-damaged";
  readonly words: string;
}
