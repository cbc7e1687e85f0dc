import { type HeldLock, type JobBackend, LockLostError, type Started } from "../backend/job-backend.ts";
import { LockRenewal, type RenewalFailure, timers } from "../backend/lock-renewal.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import { delayOf } from "../scheduler/delay.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import type { RunningCommand } from "./command.ts";

/** In milliseconds. A lost lock is noticed after this long at the latest. */
const LONGEST_RENEWAL_PERIOD = 5 * 60_000;

/** How a command's run for one interval ended. */
export type CommandEnding =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "cancelled" }
  /** The lock was lost, or could not be renewed in time. */
  | { readonly kind: "lost"; readonly reason: unknown };

export interface LockedRun {
  readonly backend: JobBackend;
  readonly request: StartRequest;
  readonly granted: Started;
  /** When the start was sent, by the monotonic clock. */
  readonly sentAt: number;
  /** Its abort stops the command. */
  readonly cancelled: AbortSignal;
  readonly start: () => Promise<RunningCommand>;
  /** @returns the deadline of one renewal. */
  readonly deadline: (signal: AbortSignal) => Deadline;
  /** Called once if the server is an original CronyxServer, which renews no locks. */
  readonly onNoRenewal: () => void;
  /** @returns the reason of a lock that counts as lost because no renewal succeeded in time. */
  readonly expired: () => Error;
}

/** Runs a command while its lock is renewed, and stops it when the lock is lost. @returns the lock with its last renewal. */
export async function runUnderLock(
  run: LockedRun,
): Promise<{ readonly ending: CommandEnding; readonly lock: HeldLock | null }> {
  const { backend, request, granted, sentAt, cancelled, start, deadline, expired } = run;
  let { lock } = granted;
  const renewal = lock === null ? null : await renewalOf(lock);
  try {
    // A renewal before the command may take as long as any request.
    if (renewal !== null) whenAborted(cancelled, () => renewal.stop());
    await renewal?.begin();
    if (renewal?.signal.aborted) return { ending: { kind: "lost", reason: renewal.signal.reason }, lock };
    if (cancelled.aborted) return { ending: { kind: "cancelled" }, lock };
    const running = await start();
    const stopped = new Promise<CommandEnding>((resolve) => {
      whenAborted(cancelled, () => resolve({ kind: "cancelled" }));
      if (renewal !== null) whenAborted(renewal.signal, () => resolve({ kind: "lost", reason: renewal.signal.reason }));
    });
    const exited = running.ended.then((code): CommandEnding => ({ kind: "exited", code }));
    const ending = await Promise.race([exited, stopped]);
    if (ending.kind !== "exited") await running.stop();
    return { ending, lock };
  } finally {
    renewal?.stop();
  }

  async function renewalOf(taken: HeldLock): Promise<LockRenewal> {
    const { retryInterval = 0, timezone = "UTC" } = request;
    const delay = await delayOf("retryInterval", retryInterval, timezone);
    return new LockRenewal({
      updatedAt: granted.updatedAt,
      sentAt,
      // With a retry interval of 0 the lock can be taken over at any time, and no renewal changes that.
      retryInterval: delay.after(granted.updatedAt) === granted.updatedAt ? null : delay,
      longestPeriod: LONGEST_RENEWAL_PERIOD,
      renew: async (signal) => {
        const renewed = await backend.renew(lock ?? taken, deadline(signal));
        lock = renewed.lock;
        return renewed.updatedAt;
      },
      meaningOf: (failure) => meaningOf(failure, run),
      expired,
      timers,
    });
  }
}

function meaningOf(failure: unknown, { onNoRenewal }: LockedRun): RenewalFailure {
  if (failure instanceof LockLostError) return "lost";
  if (failure instanceof ServiceError && failure.code === "original-server") {
    onNoRenewal();
    return "over";
  }
  return "unknown";
}

/** Calls back when the signal is aborted, or at once if it is already. */
export function whenAborted(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener("abort", callback, { once: true });
}
