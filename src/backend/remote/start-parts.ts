import { toIso } from "../../scheduler/instant.ts";
import { ifGiven, withoutUndefined } from "../../scheduler/optional-fields.ts";
import type { StartRequest } from "../../scheduler/start-request.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import type { Claim } from "../job-backend.ts";

// The parts of a start's HTTP request; see docs/rest-api.md.

/** These fields go into the query: an original server ignores an unknown query, and refuses an unknown field of the body. */
export function startQuery({ startsAt, catchUp = "each", takeOver }: StartRequest): string {
  const query = new URLSearchParams({ explain: "true" });
  if (startsAt !== undefined) query.set("startsAt", toIso(startsAt));
  if (catchUp !== "each") query.set("catchUp", catchUp);
  if (takeOver !== undefined) query.set("takeOver", `${takeOver.id},${toIso(takeOver.updatedAt)}`);
  return `?${query}`;
}

export function holderHeader(holder: Holder | null): Record<string, string> {
  return holder === null ? {} : { "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) };
}

export function claimHeaders({ idempotencyKey, holder }: Claim): Record<string, string> {
  return { "idempotency-key": idempotencyKey, ...holderHeader(holder) };
}

/** An original server keeps each job under the percent-encoded name from the path. */
export function namesOnOriginal(names: readonly string[]): readonly string[] {
  return names.map(encodeURIComponent);
}

/** Fields that were left out are not sent: the original server refuses an unknown field, and one that is null. */
export function startBody(request: StartRequest): object {
  const { jobInterval, startBuffer, retryInterval, requiredJobNames = [], timezone, noLock = false } = request;
  return withoutUndefined({
    jobInterval,
    startBuffer,
    retryInterval,
    requiredJobNames: requiredJobNames.length > 0 ? requiredJobNames : undefined,
    timezone,
    noLock: noLock || undefined,
    jobIntervalStartedAt: ifGiven(request.jobIntervalStartedAt, toIso),
  });
}
