import type { ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";

export interface DatabaseOptions {
  /** Gets one line for each attempt that failed and is followed by another, and for each other problem that no call reports. */
  readonly log: (line: string) => void;
  /** Until when the database may take to open. */
  readonly deadline: Deadline;
  /** Called once when this process can never use the database again: every call fails from then on. Only SQLite calls it. */
  readonly onLost?: (error: ServiceError) => void;
}
