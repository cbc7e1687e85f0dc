import { shownValue } from "../errors/shown-value.ts";
import { type Instant, parseInstant } from "./instant.ts";

// Written by hand, because every start loads this file and a validation library is twice the size of all other code that
// a start loads.

/** A field of a JSON document is missing, or not of the expected kind. */
export class JsonFieldError extends Error {
  override name = "JsonFieldError";
  /** The path of the field in its document, such as `history[1].endedAt`. */
  readonly path: string;

  constructor(path: string, value: unknown, expected: string) {
    super(`${path} is ${value === undefined ? "missing" : shownValue(value)}, not ${expected}`);
    this.path = path;
  }
}

/** An object in a parsed JSON document. Each method throws a {@link JsonFieldError} for a field of another kind. */
export class JsonObject {
  /** The parsed fields, unknown ones too. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  private constructor(value: unknown, path: string, prefix: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new JsonFieldError(path, value, "an object");
    }
    this.fields = value as Readonly<Record<string, unknown>>;
    this.#prefix = prefix;
  }

  /** @param name The name of the document in messages. The paths of its fields do not start with it. */
  static of(document: unknown, name: string): JsonObject {
    return new JsonObject(document, name, "");
  }

  object(field: string): JsonObject {
    const path = this.#prefix + field;
    return new JsonObject(this.fields[field], path, `${path}.`);
  }

  objects(field: string): readonly JsonObject[] {
    const values = this.fields[field];
    if (!Array.isArray(values)) throw this.wrong(field, "a list");
    return values.map((_, at) => this.item(field, at));
  }

  /** An object in a list. */
  item(field: string, at: number): JsonObject {
    const path = `${this.#prefix}${field}[${at}]`;
    return new JsonObject((this.fields[field] as readonly unknown[])[at], path, `${path}.`);
  }

  /** A string that is not empty. */
  text(field: string): string {
    const value = this.fields[field];
    if (typeof value !== "string" || value === "") throw this.wrong(field, "a non-empty string");
    return value;
  }

  instant(field: string): Instant {
    const value = this.fields[field];
    const instant = typeof value === "string" ? parseInstant(value) : null;
    if (instant === null) throw this.wrong(field, "an instant such as 2026-11-24T00:29:32.532Z");
    return instant;
  }

  instantOrNull(field: string): Instant | null {
    return this.fields[field] === null ? null : this.instant(field);
  }

  /** @returns the error for a field whose value is not `expected`; the caller throws it. */
  wrong(field: string, expected: string): JsonFieldError {
    return new JsonFieldError(this.#prefix + field, this.fields[field], expected);
  }
}
