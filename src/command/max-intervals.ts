import { ArgumentError } from "../errors/argument-error.ts";

const MOST_INTERVALS = 1000;

/**
 * @param field The name of the argument, for messages.
 * @param text Empty: one interval.
 * @returns the most intervals for which a command runs.
 * @throws ArgumentError
 */
export function parseMaxIntervals(field: string, text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : text === "" ? 1 : 0;
  if (count >= 1 && count <= MOST_INTERVALS) return count;
  throw new ArgumentError("out-of-range", {
    field,
    value: text,
    problem: "is not a number of intervals",
    expected: `a whole number from 1 to ${MOST_INTERVALS}`,
  });
}
