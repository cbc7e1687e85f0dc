import type { TimeFormatter } from "./time-formatter.ts";

/** The time of a page, and what its reader may see. */
export interface PageContext {
  readonly times: TimeFormatter;
  /** Whether the reader may open the page of another job. */
  readonly mayUse: (jobName: string) => boolean;
  /** Whether the reader may see the name of another job. */
  readonly mayName: (jobName: string) => boolean;
}
