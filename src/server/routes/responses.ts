import type { Started } from "../../backend/job-backend.ts";
import { toIso } from "../../scheduler/instant.ts";
import { mapInstants, type NotStarted } from "../../scheduler/not-started.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobResponse, JobStateResponse } from "../schemas.ts";

export function jobResponse({ jobName, lock, ...started }: Started): JobResponse {
  return {
    id: lock?.id ?? null,
    name: jobName,
    interval: started.intervalEndedAt - started.intervalStartedAt,
    intervalStartedAt: toIso(started.intervalStartedAt),
    intervalEndedAt: toIso(started.intervalEndedAt),
    isActive: true,
    createdAt: toIso(started.createdAt),
    updatedAt: toIso(started.updatedAt),
  };
}

export function refusalResponse(refusal: NotStarted): NotStarted<string> {
  return mapInstants(refusal, toIso);
}

/** Leaves out the idempotency key: with it, a reader could get the lock granted again. */
export function jobStateResponse({ name, active, finishedUntil, history }: JobState): JobStateResponse {
  const lastFinished = history.find(
    ({ outcome, intervalEndedAt }) => outcome === "finished" && intervalEndedAt === finishedUntil,
  );
  return {
    name,
    lock: active && {
      id: active.id,
      ...intervalFields(active),
      createdAt: active.createdAt,
      updatedAt: active.updatedAt,
      holder: active.holder as Record<string, unknown> | null,
    },
    lastFinished:
      finishedUntil === null
        ? null
        : {
            intervalEndedAt: finishedUntil,
            // Null if later runs, which were all interrupted, have displaced this run from the history.
            endedAt: lastFinished?.endedAt ?? null,
            runUrl: lastFinished?.runUrl ?? null,
          },
    history: history.map((run) => ({
      id: run.id,
      ...intervalFields(run),
      outcome: run.outcome,
      endedAt: run.endedAt,
      runUrl: run.runUrl,
    })),
  };
}

function intervalFields({
  intervalStartedAt,
  intervalEndedAt,
}: {
  readonly intervalStartedAt: string;
  readonly intervalEndedAt: string;
}) {
  return {
    interval: Date.parse(intervalEndedAt) - Date.parse(intervalStartedAt),
    intervalStartedAt,
    intervalEndedAt,
  };
}
