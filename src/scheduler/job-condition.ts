import type { JobStatus } from "./what-comes-next.ts";

/** The most urgent condition comes first. A failing or overdue job may be running too: its run may be stuck. */
export const CONDITIONS = ["damaged", "failing", "overdue", "running", "waiting", "free"] as const;

/** The most urgent condition of a job. */
export type Condition = (typeof CONDITIONS)[number];

/**
 * @param holds Whether each condition holds. A job is free where none does.
 * @returns the most urgent of the conditions that hold.
 */
export function mostUrgent(holds: Readonly<Record<Exclude<Condition, "free">, boolean>>): Condition {
  return CONDITIONS.find((condition) => condition === "free" || holds[condition]) ?? "free";
}

/** @returns the condition of a job whose state document is not damaged. */
export function conditionOfJob({ state, next }: JobStatus): Condition {
  return mostUrgent({
    damaged: false,
    failing: next.failing,
    overdue: next.overdue === true,
    running: state.active !== null,
    waiting: next.waitingFor !== null && next.waitingFor.length > 0,
  });
}
