import type { JobStatus } from "./what-comes-next.ts";

/** The most urgent condition comes first. A failing or overdue job may be running too: its run may be stuck. */
export const CONDITIONS = ["damaged", "failing", "overdue", "running", "waiting", "free"] as const;

/** The most urgent condition of a job. */
export type Condition = (typeof CONDITIONS)[number];

type Holding<C extends Condition> = Readonly<Record<Exclude<C, "free">, boolean>>;

/**
 * @param holds Whether each condition holds. A job is free where none does.
 * @returns the most urgent of the conditions that hold.
 */
export function mostUrgent<C extends Condition = "free">(holds: Holding<C>): C | "free" {
  return (
    CONDITIONS.find((condition): condition is Exclude<C, "free"> => {
      return Object.hasOwn(holds, condition) && holds[condition as Exclude<C, "free">];
    }) ?? "free"
  );
}

/** @returns the condition of a job whose state document is not damaged. */
export function conditionOfJob({ state, next }: JobStatus) {
  return mostUrgent<Exclude<Condition, "damaged">>({
    failing: next.failing,
    overdue: next.overdue === true,
    running: state.active !== null,
    waiting: next.waitingFor !== null && next.waitingFor.length > 0,
  });
}
