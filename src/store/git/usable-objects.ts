import { ServiceError } from "../../errors/service-error.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { UnusableObject } from "./git-remote.ts";
import type { GitObject, ObjectId } from "./objects.ts";

export interface FetchedObjects {
  readonly objects: ReadonlyMap<ObjectId, GitObject | UnusableObject>;
  readonly now: Instant | null;
}

/** Null for the objects: one is gone, and the ids may be outdated. */
export interface FoundObjects {
  readonly objects: FetchedObjects["objects"] | null;
  readonly now: Instant | null;
}

interface Fetching {
  readonly fetch: (ids: readonly ObjectId[]) => Promise<FetchedObjects>;
  readonly mayBeOutdated: boolean;
}

/** The failures of a whole fetch that one of its objects may cause. */
const CAUSED_BY_ONE_OBJECT: ReadonlySet<string> = new Set(["ref-without-object", "oversized-answer"]);

/**
 * Fetches objects of which some are unusable. One of those makes the whole fetch fail, so they are found by halving.
 *
 * @param failure The failure of a fetch of all these objects.
 */
export async function usableObjects(
  ids: readonly ObjectId[],
  failure: unknown,
  fetching: Fetching,
): Promise<FoundObjects> {
  if (!(failure instanceof ServiceError)) throw failure;
  if (failure.code === "ref-without-object" && fetching.mayBeOutdated) return { objects: null, now: null };
  if (!CAUSED_BY_ONE_OBJECT.has(failure.code)) throw failure;
  const [only] = ids;
  if (only !== undefined && ids.length === 1) {
    const code = failure.code === "ref-without-object" ? failure.code : "document-damaged";
    return { objects: new Map([[only, { type: "unusable", code, words: failure.problem }]]), now: null };
  }
  const middle = Math.ceil(ids.length / 2);
  const first = await someObjects(ids.slice(0, middle), fetching);
  const second = await someObjects(ids.slice(middle), fetching);
  if (first.objects === null || second.objects === null) return { objects: null, now: null };
  return { objects: new Map([...first.objects, ...second.objects]), now: second.now ?? first.now };
}

async function someObjects(ids: readonly ObjectId[], fetching: Fetching): Promise<FoundObjects> {
  try {
    return await fetching.fetch(ids);
  } catch (error) {
    return usableObjects(ids, error, fetching);
  }
}
