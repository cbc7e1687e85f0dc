import type { Instant } from "./instant.ts";

/**
 * @param holds False at `from`, true at `to`, and changes once between the two.
 * @returns the instant nearest to `from` at which `holds` is true. `to` may lie before `from`.
 */
export function nearestInstant(from: Instant, to: Instant, holds: (instant: Instant) => boolean): Instant {
  let [before, found] = [from, to];
  while (Math.abs(found - before) > 1) {
    const middle = Math.floor((before + found) / 2);
    if (holds(middle)) found = middle;
    else before = middle;
  }
  return found;
}
