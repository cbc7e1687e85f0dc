import type { Instant } from "../scheduler/instant.ts";
import type { PreparedStart } from "../scheduler/start-request.ts";

/**
 * Whether another run may have taken a lock over by now. With a retry interval of 0 others may do so at any time, so that a
 * renewal gains nothing: such a lock is never stale.
 *
 * @param age The time since the lock's last update, in milliseconds.
 */
export function isStale(
  { retryInterval }: Pick<PreparedStart, "retryInterval">,
  updatedAt: Instant,
  age: number,
): boolean {
  const retryAt = retryInterval?.after(updatedAt) ?? Number.POSITIVE_INFINITY;
  return retryAt > updatedAt && retryAt <= updatedAt + age;
}
