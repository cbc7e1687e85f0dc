import type { JobState } from "../../scheduler/state-document.ts";
import type { JobStateResponse } from "../schemas.ts";

/** A job's state. The idempotency key isn't shown: it belongs to whoever sent it. */
export function jobStateResponse({ name, active, finishedUntil, history }: JobState): JobStateResponse {
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
