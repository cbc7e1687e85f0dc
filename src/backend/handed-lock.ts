import { createHash } from "node:crypto";
import { ArgumentError } from "../errors/argument-error.ts";
import { canonicalUrl, type Location } from "../location/location.ts";
import { type Instant, isInstant, parseInstant, toIso } from "../scheduler/instant.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import type { RecordedInterval } from "../scheduler/state-document.ts";
import type { Started } from "./job-backend.ts";
import { isLockId } from "./lock-id.ts";

/** A lock that one process took and another one ends. Its text is no secret, and holds none. */
export interface HandedLock {
  readonly jobName: string;
  /** Null: the start took no lock, so there is nothing to end. */
  readonly id: string | null;
  readonly intervalStartedAt: Instant;
  readonly intervalEndedAt: Instant;
  /** When the lock was taken and last updated, as of the start. The job's state may show a later update. */
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** How many further intervals were due after this one. Null: the server did not say. */
  readonly behind: number | null;
  /** A hash of the location, by which another process checks its own one. The address itself could be a secret. */
  readonly locationDigest: string;
}

/** A lock that was handed on, and that is to be ended: its start took one. */
export type HandedTakenLock = HandedLock & { readonly id: string };

/** The text for a start that was refused. */
export const NOT_STARTED_TEXT = JSON.stringify({ started: false });

/** The fields of a start that the text of its lock needs. */
export type HandedStart = Omit<Started, "started" | "skipped" | "takenOver">;

/** @returns a lock as one line of JSON, which {@link readHandedLock} reads. */
export function handedLockText(started: HandedStart, location: Location): string {
  const { jobName, lock, intervalStartedAt, intervalEndedAt, createdAt, updatedAt, behind } = started;
  return JSON.stringify({
    started: true,
    job: jobName,
    id: lock?.id ?? null,
    ...(lock === null && { noLock: true }),
    intervalStartedAt: toIso(intervalStartedAt),
    intervalEndedAt: toIso(intervalEndedAt),
    createdAt: toIso(createdAt),
    updatedAt: toIso(updatedAt),
    behind,
    location: digestOf(location),
  });
}

/**
 * @param text A text that {@link handedLockText} returned, or {@link NOT_STARTED_TEXT}. Fields that this version does not know are
 *   ignored.
 * @returns null for a start that was refused.
 * @throws ArgumentError `invalid-lock`
 */
export function readHandedLock(text: string): HandedLock | null {
  const fields = objectIn(text);
  if (fields.started === false) return null;
  const { started, job, id, noLock, behind, location } = fields;
  const [from, until] = [instantIn(fields.intervalStartedAt), instantIn(fields.intervalEndedAt)];
  const [createdAt, updatedAt] = [instantIn(fields.createdAt), instantIn(fields.updatedAt)];
  if (
    started !== true ||
    typeof job !== "string" ||
    !(id === null || (typeof id === "string" && isLockId(id))) ||
    // Only a start without a lock has no id.
    (id === null && noLock !== true) ||
    !(behind === null || (typeof behind === "number" && Number.isSafeInteger(behind) && behind >= 0)) ||
    typeof location !== "string" ||
    from === null ||
    until === null ||
    createdAt === null ||
    updatedAt === null
  ) {
    throw invalidLock(text);
  }
  checkJobName(job, "lock");
  return {
    jobName: job,
    id,
    intervalStartedAt: from,
    intervalEndedAt: until,
    createdAt,
    updatedAt,
    behind,
    locationDigest: location,
  };
}

/** @throws ArgumentError `invalid-lock` for any text but that of a start that was granted. */
export function readGrantedLock(text: string): HandedLock {
  const lock = readHandedLock(text);
  if (lock !== null) return lock;
  throw new ArgumentError("invalid-lock", {
    field: "lock",
    value: text,
    problem: "is the text of a start that was refused",
  });
}

/** Whether a lock's text has the interval that the job's state has for the lock. */
export function isForInterval({ intervalStartedAt, intervalEndedAt }: HandedLock, recorded: RecordedInterval): boolean {
  return (
    Date.parse(recorded.intervalStartedAt) === intervalStartedAt &&
    Date.parse(recorded.intervalEndedAt) === intervalEndedAt
  );
}

/** @throws ArgumentError `location-changed` for a lock of another repository or server. */
export function checkLocationOf({ locationDigest }: HandedLock, location: Location): void {
  if (locationDigest === digestOf(location)) return;
  throw new ArgumentError("location-changed", {
    field: "url",
    value: canonicalUrl(location),
    problem: "is not where the lock was taken, so nothing was sent",
  });
}

function digestOf(location: Location): string {
  return createHash("sha256").update(canonicalUrl(location)).digest("hex").slice(0, 32);
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw invalidLock(text, cause);
  }
  throw invalidLock(text);
}

function invalidLock(text: string, cause?: unknown): ArgumentError {
  return new ArgumentError("invalid-lock", { field: "lock", value: text, problem: "is not the text of a lock", cause });
}

function instantIn(value: unknown): Instant | null {
  const instant = typeof value === "string" ? parseInstant(value) : null;
  return instant !== null && isInstant(instant) ? instant : null;
}
