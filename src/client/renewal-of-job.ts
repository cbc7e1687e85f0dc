import { LockRenewal, type RenewalFailure } from "../backend/lock-renewal.ts";
import { delayOf } from "../scheduler/delay.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { CronyxClientError, clientErrorOf } from "./client-error.ts";
import type { Job } from "./job.ts";
import type { Surroundings } from "./surroundings.ts";

interface StartOfJob {
  readonly request: StartRequest;
  /** When the start was sent, by the monotonic clock. */
  readonly sentAt: number;
  readonly surroundings: Pick<Surroundings, "timers" | "warn">;
}

/** @returns the renewal of a job's lock while its task runs, or null for a lock that renewals do not protect. */
export async function renewalOf(job: Job, { request, sentAt, surroundings }: StartOfJob): Promise<LockRenewal | null> {
  const { jobName, retryInterval, timezone = "UTC" } = request;
  if (retryInterval === undefined || job.id === null) return null;
  const delay = await delayOf("retryInterval", retryInterval, timezone);
  const updatedAt = job.updatedAt.getTime();
  // A renewal does not protect a lock that can be taken over at any time.
  if (delay.after(updatedAt) === updatedAt) return null;
  const name = JSON.stringify(jobName);
  return new LockRenewal({
    updatedAt,
    sentAt,
    retryInterval: delay,
    longestPeriod: Number.POSITIVE_INFINITY,
    renew: async (signal) => {
      await job.renew({ signal });
      return job.updatedAt.getTime();
    },
    meaningOf: (failure) => meaningOf(failure, name, surroundings.warn),
    expired: () =>
      new CronyxClientError(
        "lock-lost",
        `The lock of the job ${name} could not be renewed before its retry interval passed, so another run may have taken it over`,
      ),
    timers: surroundings.timers,
  });
}

function meaningOf(failure: unknown, name: string, warn: Surroundings["warn"]): RenewalFailure {
  switch (clientErrorOf(failure).code) {
    case "lock-lost":
      return "lost";
    case "not-active":
      // The task has ended the job itself.
      return "over";
    case "original-server":
      warn(
        `The lock of the job ${name} cannot be renewed, because its server is an original CronyxServer: set retryInterval to more than the longest run takes`,
      );
      return "over";
    default:
      return "unknown";
  }
}
