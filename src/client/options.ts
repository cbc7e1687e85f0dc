import type { Duration } from "../scheduler/duration.ts";
import type { Holder } from "../scheduler/state-document.ts";

// Options that the original cronyx-client has too are not readonly: its users assign them one by one.

/** The options of a {@link CronyxClient}. */
export interface CronyxClientOptions {
  /**
   * Where the locks are kept: `git+https://HOST/PATH`, `git+ssh://HOST/PATH`, `git+file:///PATH`, or `git+http://` on the
   * same machine; or `https://HOST` of a CronyxServer. It must not contain credentials.
   */
  url: string;
  /** For a CronyxServer: its user name and password. */
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
  /** The schedule: a cron expression, whole milliseconds, or a duration. */
  jobInterval: string | number | Duration;
  /** How long to wait after an interval's end before it may start, in milliseconds or as a duration. Default: 0. */
  startBuffer?: number | Duration | undefined;
  /** How long after its last update an active lock can be taken over, in milliseconds or as a duration. Default: never. */
  retryInterval?: number | Duration | undefined;
  /** The jobs that must have finished up to the interval's end. Default: none. */
  requiredJobNames?: readonly string[] | undefined;
  /** The IANA time zone of the schedule. Default: the client's. */
  timezone?: string | undefined;
  /** Decide as usual, but take no lock and write nothing. Default: false. */
  noLock?: boolean | undefined;
  /** Start the interval that starts exactly here, whatever the job's state. Only with `noLock`. */
  jobIntervalStartedAt?: Date | undefined;
}
