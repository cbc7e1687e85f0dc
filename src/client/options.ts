import type { Duration } from "../scheduler/duration.ts";
import type { Holder } from "../scheduler/state-document.ts";

// The options that the original cronyx-client has too are not readonly: its users assign them one by one.

/** The options of a {@link CronyxClient}. */
export interface CronyxClientOptions {
  /**
   * The location of the locks: `git+https://HOST/PATH`, `git+ssh://HOST/PATH`, `git+file:///PATH`, or `git+http://` on the
   * same machine; or `https://HOST` of a CronyxServer. It must not contain credentials.
   */
  url: string;
  /** For a CronyxServer or `git+https`: its user name and password. */
  credentials?: Credentials | undefined;
  /** For `git+https`: a token that may write to that repository. For a CronyxServer: a bearer token, if it takes one. */
  readonly token?: string | undefined;
  /** The IANA time zone of schedules whose start has none of its own. Default: UTC. */
  timezone?: string | undefined;
  /** How long each call may take, retries included, in milliseconds. Default: 60000. */
  readonly deadline?: number | undefined;
  /** The holder that others see while a lock is active. Default: none. */
  readonly holder?: Holder | undefined;
  /** Gets one line for each attempt that failed and is followed by another. Default: no log. */
  readonly log?: ((line: string) => void) | undefined;
}

/** The login of a CronyxServer. */
export interface Credentials {
  username: string;
  password: string;
}

/** The options of every call. */
export interface CallOptions {
  /** Gives up the call when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** How long the call may take, retries included, in milliseconds. Default: the client's. */
  readonly deadline?: number | undefined;
}

/** The options of a start. */
export interface JobStartOptions extends CallOptions {
  /** The job: any text of 1 to 255 characters. */
  jobName: string;
  /**
   * The schedule: a cron expression (`0 * * * *`, `@daily`), a duration as text (`90 minutes`, `PT1H30M`), whole
   * milliseconds, or a {@link Duration}.
   */
  jobInterval: string | number | Duration;
  /** How long after its end an interval may start: a duration as text, milliseconds, or a {@link Duration}. Default: 0. */
  startBuffer?: string | number | Duration | undefined;
  /** How long after its last update an active lock can be taken over, likewise. Default: never. */
  retryInterval?: string | number | Duration | undefined;
  /** The jobs that must have finished up to the interval's end. Default: none. */
  requiredJobNames?: readonly string[] | undefined;
  /** The IANA time zone of the schedule. Default: the client's. */
  timezone?: string | undefined;
  /** Decide as usual, but take no lock and write nothing. Default: false. */
  noLock?: boolean | undefined;
  /** Start the interval that starts exactly here, whatever the job's state. Only with `noLock`. */
  jobIntervalStartedAt?: Date | undefined;
  /** Where the job's very first interval starts. Ignored once the job has finished or skipped anything. */
  readonly startsAt?: Date | undefined;
  /**
   * The interval that a start gets when the job has fallen behind: `each`, oldest first; one long interval (`merge`); or only
   * the `latest`, with the older ones skipped. Default: `each`.
   */
  readonly catchUp?: "each" | "merge" | "latest" | undefined;
  /** A lock to take over at once, because its holder is known to be dead. The refusal of a start names it. */
  readonly takeOver?: { readonly id: string; readonly updatedAt: Date } | undefined;
}

/** The options of a skip. */
export interface JobSkipOptions extends CallOptions {
  readonly jobName: string;
  /** The instant up to which intervals count as done, although no run did them. It must not be in the future. */
  readonly until: Date;
}

/** The options of a resumption. */
export interface JobResumeOptions extends CallOptions {
  readonly jobName: string;
  /** The id of the lock that was interrupted. */
  readonly id: string;
}
