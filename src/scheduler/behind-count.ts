import { MAX_BEHIND } from "./decide.ts";

/** @returns how many intervals a job is behind, for a message: `3`, or `at least 1000`, where the count stops. */
export function behindCount(behind: number): string {
  return behind < MAX_BEHIND ? String(behind) : `at least ${behind}`;
}
