import { shownValue } from "./shown-value.ts";

/** The kinds of wrong arguments. Each front end has a remedy for each code. */
export type ArgumentErrorCode =
  | "missing"
  | "wrong-type"
  | "unknown-name"
  | "unknown-word"
  | "not-allowed"
  | "conflict"
  | "invalid-job-name"
  | "invalid-interval"
  | "invalid-cron"
  | "unknown-timezone"
  | "out-of-range"
  | "invalid-instant"
  | "self-required-job"
  | "chosen-interval-with-lock"
  | "chosen-interval-conflict"
  | "spent-lock-id"
  | "invalid-location"
  | "credentials-in-location"
  | "unencrypted-location"
  | "location-changed"
  | "invalid-lock"
  | "lock-of-other-run"
  | "invalid-login"
  | "incomplete-login"
  | "login-of-other-location"
  | "cannot-skip"
  | "no-sqlite";

interface ArgumentErrorDetails extends ErrorOptions {
  /** The argument, by its name in the library, such as `jobInterval`. A front end shows its own name for it. */
  readonly field: string;
  /** The argument's value. Left out if there is none, or if it may hold a secret. */
  readonly value?: unknown;
  /** What is wrong, as the end of a sentence that begins with the field and the value: `is not an interval`. */
  readonly problem: string;
  /** What the argument takes, such as `a whole number from 0 to 65535`. Left out where the code's remedy is enough. */
  readonly expected?: string;
}

/** An argument that can never be accepted. It is refused before anything is read, sent or written. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
  readonly code: ArgumentErrorCode;
  readonly field: string;
  readonly expected: string | null;
  readonly #details: ArgumentErrorDetails;

  constructor(code: ArgumentErrorCode, details: ArgumentErrorDetails) {
    super(sentence(details.field, details), { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.expected = details.expected ?? null;
    this.#details = details;
  }

  /** @returns the sentence of {@link message}, with another name for the field. */
  messageFor(field: string): string {
    return sentence(field, this.#details);
  }

  /** @returns the same error with another {@link expected}. */
  withExpected(expected: string): ArgumentError {
    return new ArgumentError(this.code, { ...this.#details, expected });
  }

  /** @returns the same error about another field, for a caller that takes the value under another name. */
  withField(field: string): ArgumentError {
    return new ArgumentError(this.code, { ...this.#details, field });
  }
}

function sentence(field: string, { value, problem }: ArgumentErrorDetails): string {
  return `${field} ${value === undefined ? "" : `${shownValue(value)} `}${problem}`;
}
