import type { NotStarted } from "../scheduler/not-started.ts";

/** The refusal of a start that lost to other runs: they took the job first, or took the start's lock over. */
export const CONTESTED: NotStarted = {
  started: false,
  reason: "active",
  id: null,
  since: null,
  updatedAt: null,
  holder: null,
  retryAt: null,
};
