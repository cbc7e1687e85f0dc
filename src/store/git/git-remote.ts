import type { Deadline } from "../../network/deadline.ts";
import type { GitObject, ObjectId } from "./objects.ts";

/** A ref and the object that it points to. */
export interface Tip {
  readonly ref: string;
  readonly id: ObjectId;
}

/** A ref's new object, and the one that has to be there for it to be taken: {@link NO_OBJECT} if there may be none. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: ObjectId;
  readonly to: ObjectId;
  readonly commit: GitObject;
}

export type PushAnswer =
  | { readonly outcome: "taken" }
  /** The server said no. It says so in the same words whether the ref had moved or something else is in the way. */
  | { readonly outcome: "rejected"; readonly words: string }
  /** No answer came: it may have been taken, or may yet be. */
  | { readonly outcome: "unknown"; readonly cause: unknown };

/**
 * A git repository that someone else keeps. Calls throw a StoreError when it can't be used: a refused login, a missing
 * permission, no such repository, or no answer until the deadline.
 */
export interface GitRemote {
  /** For messages: where the repository is. */
  readonly place: string;
  /** @returns where each of these refs points to; refs that aren't there are left out. */
  tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]>;
  /** The same, with the objects; of all refs that start with a prefix if `refs` is one. */
  fetch(
    refs: readonly string[] | { prefix: string },
    deadline: Deadline,
  ): Promise<readonly (Tip & { object: GitObject })[]>;
  /** Asks once for a ref to be moved. */
  push(update: RefUpdate, deadline: Deadline): Promise<PushAnswer>;
  close(): Promise<void>;
}
