import { ArgumentError } from "../errors/argument-error.ts";

/** @returns the value, as one of the words that an argument takes. @throws ArgumentError for any other value. */
export function knownWord<Word extends string>(field: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  throw new ArgumentError("unknown-word", {
    field,
    value,
    problem: "is not a word that it takes",
    expected: `one of ${words.join(", ")}`,
  });
}
