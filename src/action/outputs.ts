import type { Started } from "../backend/job-backend.ts";
import { isLockId } from "../backend/lock-id.ts";
import { holderLine } from "../backend/one-line.ts";
import { ServiceError } from "../errors/service-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { type Instant, isInstant, toIso } from "../scheduler/instant.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import type { LockStart } from "./start-lock.ts";
import type { Surroundings } from "./toolkit.ts";

interface Reported {
  readonly start: Pick<LockStart, "answer" | "takingState">;
  /** How many intervals the command of this step has finished. Null without a command. */
  readonly intervalsFinished?: number | null;
}

/** @throws ServiceError for an answer with a value that no output may have, before any output is set. */
export function setOutputs(
  { toolkit }: Pick<Surroundings, "toolkit">,
  { start: { answer, takingState }, intervalsFinished = null }: Reported,
): void {
  const { jobName, location: place } = takingState;
  const problem = answer.started ? problemOfGrant(answer) : problemOfRefusal(answer);
  if (problem !== null) {
    // The lock may have been taken all the same, so post gives it back.
    throw new ServiceError("not-a-server", { place, problem: `answered with ${problem}`, effect: "possible" });
  }
  const outputs: Record<string, string> = {
    started: String(answer.started),
    reason: answer.started ? "" : answer.reason,
    "job-id": "",
    "job-name": jobName,
    "job-interval": "",
    "job-interval-started-at": "",
    "job-interval-ended-at": "",
    "job-created-at": "",
    "job-updated-at": "",
    "due-at": "",
    behind: "",
    "skipped-started-at": "",
    "skipped-ended-at": "",
    "taken-over-from": "",
    "intervals-finished": String(intervalsFinished ?? ""),
  };
  if (answer.started) {
    outputs["job-id"] = answer.lock?.id ?? "";
    outputs["job-interval"] = String(answer.intervalEndedAt - answer.intervalStartedAt);
    outputs["job-interval-started-at"] = toIso(answer.intervalStartedAt);
    outputs["job-interval-ended-at"] = toIso(answer.intervalEndedAt);
    outputs["job-created-at"] = toIso(answer.createdAt);
    outputs["job-updated-at"] = toIso(answer.updatedAt);
    outputs.behind = String(answer.behind ?? "");
    if (answer.skipped !== null) {
      outputs["skipped-started-at"] = toIso(answer.skipped.from);
      outputs["skipped-ended-at"] = toIso(answer.skipped.until);
    }
    if (answer.takenOver !== null) outputs["taken-over-from"] = holderLine(answer.takenOver.holder);
  } else {
    const dueAt = dueAtOf(answer);
    if (dueAt !== null) outputs["due-at"] = toIso(dueAt);
  }
  for (const [name, value] of Object.entries(outputs)) toolkit.setOutput(name, value);
}

/** @returns what is wrong with a grant, or null. Steps of the job use these values in scripts, and post uses the lock's id. */
function problemOfGrant({ lock, behind, skipped, ...granted }: Started): string | null {
  const { intervalStartedAt, intervalEndedAt, createdAt, updatedAt } = granted;
  if (lock !== null && !isLockId(lock.id)) return `the lock id ${shownValue(lock.id)}`;
  const instants = [intervalStartedAt, intervalEndedAt, createdAt, updatedAt];
  if (skipped !== null) instants.push(skipped.from, skipped.until);
  const wrong = instants.find((instant) => !isInstant(instant));
  if (wrong !== undefined) return `the instant ${shownValue(wrong)}`;
  if (intervalEndedAt <= intervalStartedAt) {
    return `an interval that ends at ${toIso(intervalEndedAt)} and starts at ${toIso(intervalStartedAt)}`;
  }
  if (skipped !== null && skipped.until < skipped.from) {
    return `a skipped span that ends at ${toIso(skipped.until)} and starts at ${toIso(skipped.from)}`;
  }
  if (behind !== null && !(Number.isSafeInteger(behind) && behind >= 0))
    return `${shownValue(behind)} further intervals`;
  return null;
}

function problemOfRefusal(answer: NotStarted): string | null {
  const dueAt = dueAtOf(answer);
  return dueAt === null || isInstant(dueAt) ? null : `the instant ${shownValue(dueAt)}`;
}

/** @returns from when the same start may get another answer, or null if the refusal does not show it. */
export function dueAtOf(answer: NotStarted): Instant | null {
  switch (answer.reason) {
    case "active":
      return answer.retryAt;
    case "not-due":
      return answer.dueAt;
    default:
      return null;
  }
}
