import { ArgumentError } from "./argument-error.ts";

/** @param cause An error of `util.parseArgs`, whose message names the flag, and never its value. */
export function flagRefusal(cause: unknown, expected: string): ArgumentError {
  const words = cause instanceof Error ? cause.message : String(cause);
  // The sentences after the first one explain how to write an option and how a name.
  const [problem] = words.split(". ");
  return new ArgumentError("unknown-name", {
    field: "arguments",
    problem: `cannot be read (${problem})`,
    expected,
    cause,
  });
}
