import type { NotStarted, Started } from "../../backend/job-backend.ts";
import { type Instant, toIso } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/job-state.ts";
import type { Job, JobStatus } from "../schemas.ts";

/** A granted start. */
export function jobOf({ jobName, lock, ...job }: Started): Job {
  return {
    id: lock?.id ?? null,
    name: jobName,
    interval: job.intervalEndedAt - job.intervalStartedAt,
    intervalStartedAt: toIso(job.intervalStartedAt),
    intervalEndedAt: toIso(job.intervalEndedAt),
    isActive: true,
    createdAt: toIso(job.createdAt),
    updatedAt: toIso(job.updatedAt),
  };
}

/** Why a start was not granted, for those who ask. */
export function refusalOf(answer: NotStarted): Record<string, unknown> {
  switch (answer.reason) {
    case "active":
      return { ...answer, since: isoOrNull(answer.since), retryAt: isoOrNull(answer.retryAt) };
    case "not-due":
      return { ...answer, dueAt: isoOrNull(answer.dueAt) };
    case "required-job":
      return {
        ...answer,
        finishedUntil: isoOrNull(answer.finishedUntil),
        neededUntil: toIso(answer.neededUntil),
      };
    case "unknown":
      return { ...answer };
  }
}

/** A job's state. The idempotency key isn't shown: it belongs to whoever sent it. */
export function statusOf({ name, active, finishedUntil, history }: JobState): JobStatus {
  const last = history.find(
    ({ outcome, intervalEndedAt }) => outcome === "finished" && intervalEndedAt === finishedUntil,
  );
  return {
    name,
    lock: active && {
      id: active.id,
      ...intervalOf(active),
      createdAt: active.createdAt,
      updatedAt: active.updatedAt,
      holder: active.holder as Record<string, unknown> | null,
    },
    // The last runs may all have been interrupted: then only where the finished one ended is known.
    lastFinished:
      finishedUntil === null
        ? null
        : {
            intervalEndedAt: finishedUntil,
            endedAt: last?.endedAt ?? null,
            runUrl: last?.runUrl ?? null,
          },
    history: history.map((run) => ({
      id: run.id,
      ...intervalOf(run),
      outcome: run.outcome,
      endedAt: run.endedAt,
      runUrl: run.runUrl,
    })),
  };
}

function intervalOf(of: { readonly intervalStartedAt: string; readonly intervalEndedAt: string }) {
  const { intervalStartedAt, intervalEndedAt } = of;
  return {
    interval: Date.parse(intervalEndedAt) - Date.parse(intervalStartedAt),
    intervalStartedAt,
    intervalEndedAt,
  };
}

function isoOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toIso(instant);
}
