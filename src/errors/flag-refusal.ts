import { ArgumentError } from "./argument-error.ts";

/** @param cause An error of `util.parseArgs`. Its message contains the flag, and never the flag's value. */
export function flagRefusal(cause: unknown, expected: string): ArgumentError {
  const words = cause instanceof Error ? cause.message : String(cause);
  // The sentences after the first one explain how to pass a text that begins with a hyphen.
  const [problem] = words.split(". ");
  return new ArgumentError("unknown-name", {
    field: "arguments",
    problem: `cannot be read (${problem})`,
    expected,
    cause,
  });
}
