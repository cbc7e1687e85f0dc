import type { Instant } from "./instant.ts";

/** The rule that cuts time into intervals. See docs/semantics.md, "Schedules". */
export interface Schedule {
  /** @returns the boundary that follows `instant`, always later than it. */
  next(instant: Instant): Instant;
  /** @returns the boundary that precedes `instant`, always earlier than it. */
  previous(instant: Instant): Instant;
}
