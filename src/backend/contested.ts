import type { NotStarted } from "../scheduler/not-started.ts";

/** The refusal of a start that other runs were faster than: they took the job, or took the start's lock over. */
export const CONTESTED: NotStarted = {
  started: false,
  reason: "active",
  id: null,
  since: null,
  updatedAt: null,
  holder: null,
  retryAt: null,
};
