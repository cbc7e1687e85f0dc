import { toIsoOrNull } from "../scheduler/instant.ts";
import type { Lock } from "../scheduler/state-document.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";

/** One job, as `status --json` prints it. */
export function shownStatus({ state, next }: JobStatus) {
  const { name, active, finishedUntil, history, begun, schedule, skipped = [] } = state;
  return {
    name,
    lock: active === null ? null : shownLock(active),
    finishedUntil,
    history,
    begun: begun ?? null,
    schedule: schedule ?? null,
    skipped,
    ...next,
    dueAt: toIsoOrNull(next.dueAt),
    waitingFor:
      next.waitingFor?.map(({ finishedUntil: reached, neededUntil, ...job }) => ({
        ...job,
        finishedUntil: toIsoOrNull(reached),
        neededUntil: toIsoOrNull(neededUntil),
      })) ?? null,
  };
}

/** Without the idempotency key, which starts the same lock again: it is the holder's secret. */
export function shownLock({ id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder }: Lock) {
  return { id, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, holder };
}
