import { ArgumentError } from "../errors/argument-error.ts";
import { elapsedIn } from "./duration.ts";
import { DAY, MINUTE } from "./instant.ts";
import { parseWait } from "./interval-text.ts";

/**
 * Parses a length of time that does not depend on a calendar.
 *
 * @param field The name of the argument, for messages.
 * @returns milliseconds.
 * @throws ArgumentError for text that is no such length, or one that is out of range.
 */
export function parseElapsed(
  field: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const ms = elapsedIn(parseWait(field, text));
  if (ms !== null && ms >= least && ms <= most) return ms;
  throw new ArgumentError("out-of-range", {
    field,
    value: text,
    problem: ms === null ? "has a unit that differs in length" : "is out of range",
    expected: `${lengthText(least)} to ${lengthText(most)}`,
  });
}

function lengthText(ms: number): string {
  for (const [unit, length] of [
    ["day", DAY],
    ["minute", MINUTE],
  ] as const) {
    if (ms % length === 0) return `${ms / length} ${unit}${ms === length ? "" : "s"}`;
  }
  return `${ms / 1000} second${ms === 1000 ? "" : "s"}`;
}
