import { ArgumentError } from "../errors/argument-error.ts";
import { elapsedIn, type Length } from "./duration.ts";
import { DAY, MINUTE, SECOND } from "./instant.ts";
import { parseLength } from "./interval-text.ts";

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
  const ms = elapsedIn(parseLength(field, text));
  if (ms !== null && ms >= least && ms <= most) return ms;
  throw new ArgumentError("out-of-range", {
    field,
    value: text,
    problem:
      ms === null
        ? "has a unit that differs in length"
        : `${ms === Number(text) ? "is in milliseconds, and " : "is "}out of range`,
    expected: `${lengthText(least)} to ${lengthText(most)}`,
  });
}

/**
 * Parses a retry interval. One of less than a second would have passed before the first renewal, or even before the answer to the
 * start.
 *
 * @throws ArgumentError
 */
export function parseRetryInterval(field: string, text: string): Length {
  const length = parseLength(field, text);
  const ms = elapsedIn(length);
  if (ms === null || ms === 0 || ms >= SECOND) return length;
  throw new ArgumentError("out-of-range", {
    field,
    value: text,
    problem: `is ${ms} milliseconds, which is shorter than a request takes`,
    expected: `0, or at least a second${/^\d+$/.test(text) ? `, such as "${text} minutes"` : ""}`,
  });
}

/** @returns what is odd about a number without a unit that looks like seconds or minutes, or null. */
export function shortNumberProblem(name: string, text: string): string | null {
  if (!/^\d+$/.test(text) || Number(text) === 0 || Number(text) >= MINUTE) return null;
  return `${name} ${text} means ${text} milliseconds: write a unit, such as "${text} seconds", or "${text} ms" if it is meant so`;
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
