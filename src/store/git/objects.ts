import { createHash } from "node:crypto";

/**
 * The parts of git's object format that a lock needs.
 *
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */

export type ObjectType = "commit" | "tree" | "blob" | "tag";

export interface GitObject {
  readonly type: ObjectType;
  readonly body: Buffer;
}

/** An object's name: the SHA-1 of its header and content, in hexadecimal. */
export type ObjectId = string;

/** The longest object that is read, in bytes. A state document has a few KiB. */
export const LARGEST_OBJECT = 1024 * 1024;

/** The id for "no object", where a ref is created or deleted. */
export const NO_OBJECT: ObjectId = "0".repeat(40);

export const EMPTY_TREE: GitObject = { type: "tree", body: Buffer.alloc(0) };

/** @returns the object with its header, in the form that git hashes and stores. */
export function withHeader({ type, body }: GitObject): Buffer {
  return Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
}

export function idOf(object: GitObject): ObjectId {
  return createHash("sha1").update(withHeader(object)).digest("hex");
}

const AUTHOR = "cronyx-action <cronyx-action@users.noreply.github.com>";

/** @returns a commit with an empty tree, so that its size is that of its message. */
export function commitOf(message: string, at: number, parent: ObjectId | null = null): GitObject {
  const by = `${AUTHOR} ${Math.floor(at / 1000)} +0000`;
  const ancestry = parent === null ? "" : `parent ${parent}\n`;
  const body = `tree ${idOf(EMPTY_TREE)}\n${ancestry}author ${by}\ncommitter ${by}\n\n${message}`;
  return { type: "commit", body: Buffer.from(body) };
}

/** @returns a commit's message, which follows its headers. */
export function messageInCommit(commit: Buffer): string {
  const end = commit.indexOf("\n\n");
  return end === -1 ? "" : commit.toString("utf8", end + 2);
}
