import type { Duration } from "../scheduler/duration.ts";
import type { Holder } from "../scheduler/state-document.ts";

// What the types of cronyx-client have too may be written to: its users fill options in one by one.

/** How a {@link CronyxClient} is made. */
export interface CronyxClientOptions {
  /**
   * Where the locks are kept: `git+https://HOST/PATH`, `git+ssh://HOST/PATH`, `git+file:///PATH`, or `git+http://` on the
   * same machine; or `https://HOST` of a CronyxServer. It holds no credentials.
   */
  url: string;
  /** For a CronyxServer: its user name and password. */
  credentials?: Credentials | undefined;
  /** For `git+https`: a token that may write to that repository. For a CronyxServer: a bearer token, if it takes one. */
  readonly token?: string | undefined;
  /** The IANA zone whose calendar and wall clock count where a start names none. Default: UTC. */
  timezone?: string | undefined;
  /** How long each call may take, retries included, in milliseconds. Default: 60000. */
  readonly deadline?: number | undefined;
  /** Who runs the jobs, as others are told who holds a lock. Default: nobody in particular. */
  readonly holder?: Holder | undefined;
  /** Gets one line for each try that failed and is followed by another. Default: nothing is logged. */
  readonly log?: ((line: string) => void) | undefined;
}

/** The login of a CronyxServer. */
export interface Credentials {
  username: string;
  password: string;
}

/** What every call takes. */
export interface CallOptions {
  /** Gives the call up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** How long the call may take, retries included, in milliseconds. Default: the client's. */
  readonly deadline?: number | undefined;
}

/** What a job is started by. */
export interface JobStartOptions extends CallOptions {
  /** The job: any text of 1 to 255 characters. */
  jobName: string;
  /** How long one interval is: a cron expression, whole milliseconds, or a duration. */
  jobInterval: string | number | Duration;
  /** How long to wait after an interval's end before it may start, in milliseconds or as a duration. Default: 0. */
  startBuffer?: number | Duration | undefined;
  /** How long after its last update an active lock may be taken over. Default: never. */
  retryInterval?: number | Duration | undefined;
  /** The jobs that must have finished up to the interval's end. Default: none. */
  requiredJobNames?: readonly string[] | undefined;
  /** The IANA zone whose calendar and wall clock count. Default: the client's. */
  timezone?: string | undefined;
  /** Decide as usual, but take and write no lock. Default: false. */
  noLock?: boolean | undefined;
  /** Start the interval that starts exactly here, whatever the job's state. Only with `noLock`. */
  jobIntervalStartedAt?: Date | undefined;
}
