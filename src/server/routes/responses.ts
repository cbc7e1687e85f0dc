import type { ActiveLock, LockLostError, Started } from "../../backend/job-backend.ts";
import { toIso, toIsoOrNull } from "../../scheduler/instant.ts";
import { mapInstants, type NotStarted } from "../../scheduler/not-started.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import type { EndedRun, RecordedInterval } from "../../scheduler/state-document.ts";
import type { JobStatus } from "../../scheduler/what-comes-next.ts";
import type { JobResponse, JobStateResponse } from "../schemas/responses.ts";

/** @param request With `explain`, the answer repeats the policies, which shows the client that this server has them. */
export function jobResponse(started: Started, { startsAt, catchUp }: StartRequest, explain: boolean): JobResponse {
  const { behind, skipped, takenOver, lock } = started;
  return {
    ...activeLockResponse({ ...started, id: lock?.id ?? null }),
    ...(explain && {
      ...(startsAt !== undefined && { startsAt: toIso(startsAt) }),
      ...(catchUp !== undefined && { catchUp }),
      ...(behind !== null && { behind }),
      ...(skipped !== null && { skippedStartedAt: toIso(skipped.from) }),
      ...(takenOver !== null && {
        takenOver: {
          holder: takenOver.holder as Record<string, unknown> | null,
          since: toIsoOrNull(takenOver.since),
        },
      }),
    }),
  };
}

export function activeLockResponse({
  jobName,
  id,
  ...started
}: Omit<ActiveLock, "lock"> & { readonly id: string | null }): JobResponse {
  return {
    id,
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

/** @returns the body of a 404 for an id that is not the job's active lock. */
export function lockLostResponse(jobName: string, { loss }: LockLostError) {
  return { message: `Cannot find job lock for ${jobName}`, outcome: loss.ending };
}

/**
 * Leaves out the idempotency key: with it, a reader could get the lock granted again.
 *
 * @param mayName Whether the caller may see the name of another job.
 */
export function jobStateResponse({ state, next }: JobStatus, mayName: (jobName: string) => boolean): JobStateResponse {
  const { name, active, finishedUntil, history, begun, schedule, skipped } = state;
  const lastFinished = history.find(
    ({ outcome, intervalEndedAt }) => outcome === "finished" && intervalEndedAt === finishedUntil,
  );
  const named = (jobName: string) => (mayName(jobName) ? jobName : null);
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
    history: history.map(endedRunResponse),
    ...(begun !== undefined && { begun }),
    ...(schedule !== undefined && {
      schedule: { ...schedule, requiredJobNames: schedule.requiredJobNames.map(named) },
    }),
    ...(skipped !== undefined && { skipped: [...skipped] }),
    ...next,
    dueAt: toIsoOrNull(next.dueAt),
    waitingFor:
      next.waitingFor?.map(({ jobName, finishedUntil: reached, neededUntil, mutual }) => ({
        jobName: named(jobName),
        finishedUntil: toIsoOrNull(reached),
        neededUntil: toIsoOrNull(neededUntil),
        mutual,
      })) ?? null,
  };
}

function endedRunResponse({ holder, ...run }: EndedRun) {
  return {
    id: run.id,
    ...intervalFields(run),
    outcome: run.outcome,
    ...(run.createdAt !== undefined && { createdAt: run.createdAt }),
    endedAt: run.endedAt,
    runUrl: run.runUrl,
    ...(holder !== undefined && { holder: holder as Record<string, unknown> }),
  };
}

function intervalFields({ intervalStartedAt, intervalEndedAt }: RecordedInterval) {
  return {
    interval: Date.parse(intervalEndedAt) - Date.parse(intervalStartedAt),
    intervalStartedAt,
    intervalEndedAt,
  };
}
