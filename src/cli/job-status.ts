import type { JobStatus } from "../backend/job-backend.ts";
import { holderLine, oneLine } from "../backend/one-line.ts";
import { type Instant, toIso, toIsoOrNull } from "../scheduler/instant.ts";
import type { Lock } from "../scheduler/state-document.ts";

/** One job, as `status` prints it. */
export function statusLine({ state, next }: JobStatus, now: Instant): string {
  const { name, active, finishedUntil } = state;
  const lock =
    active === null
      ? "free"
      : `held by ${holderLine(active.holder)} since ${active.createdAt} for ${active.intervalStartedAt} to ${active.intervalEndedAt}`;
  const parts = [
    next.failing && "failing",
    next.overdue && "overdue",
    lock,
    finishedUntil === null ? "nothing finished yet" : `finished until ${finishedUntil}`,
    ...comingParts(next, now),
  ];
  return `${oneLine(name)}: ${parts.filter(Boolean).join(", ")}`;
}

function comingParts({ dueAt, behind, waitingFor }: JobStatus["next"], now: Instant): readonly string[] {
  const names = waitingFor?.map(({ jobName }) => oneLine(jobName)).join(" and ") ?? "";
  return [
    ...(dueAt === null ? [] : [`next due ${dueAt <= now ? "since " : ""}${toIso(dueAt)}`]),
    ...(behind ? [`${behind} more behind it`] : []),
    ...(names === "" ? [] : [`waiting for ${names}`]),
  ];
}

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
