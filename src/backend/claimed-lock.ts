import { ArgumentError } from "../errors/argument-error.ts";
import type { Granted } from "../scheduler/decide.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { isLockIdUsed, type JobState, type Lock } from "../scheduler/state-document.ts";
import type { Claim } from "./job-backend.ts";

/**
 * A used id comes with a request that was delayed on its way. Its caller has given up, so a grant would leave an orphan lock.
 *
 * @throws ArgumentError for a claim whose id was used before.
 */
export function checkUnused(state: JobState, { lockId }: Claim): void {
  if (!isLockIdUsed(state, lockId)) return;
  throw new ArgumentError("spent-lock-id", {
    field: "lockId",
    value: lockId,
    problem: "cannot be granted again: its run has ended, or its start was abandoned",
  });
}

/**
 * A git store reads no document of over 1 MiB. It writes more blanks than this length counts, and the end of the run adds to
 * the document too.
 */
const LONGEST_STATE = 256 * 1024;
/** Less text is added without a measurement: the runs and the ids that a state remembers have a limit too. */
const MEASURED_FROM = 2 * 1024;

/**
 * @param added The part of the state that the caller adds.
 * @throws ArgumentError for a grant or a resume after which no store might read the job's state any more.
 */
export function checkStateLength(state: JobState, added: object | null, field: "jobInterval" | "holder"): void {
  if (JSON.stringify(added).length < MEASURED_FROM || JSON.stringify(state).length <= LONGEST_STATE) return;
  throw new ArgumentError("out-of-range", {
    field,
    problem: "is too long for the state document, together with the required jobs, the holder and the earlier runs",
    expected: `less text: the document has up to ${LONGEST_STATE / 1024} KiB`,
  });
}

/** @returns the lock that a start takes. */
export function lockFor({ intervalStartedAt, intervalEndedAt }: Granted, claim: Claim, now: Instant): Lock {
  const createdAt = toIso(now);
  return {
    id: claim.lockId,
    intervalStartedAt: toIso(intervalStartedAt),
    intervalEndedAt: toIso(intervalEndedAt),
    createdAt,
    updatedAt: createdAt,
    holder: claim.holder,
    idempotencyKey: null,
  };
}
