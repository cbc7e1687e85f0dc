import path from "node:path";
import { ArgumentError } from "../errors/argument-error.ts";

/** The database of a server: `JOB_STORE_URL`, parsed once. */
export type DatabaseLocation =
  /** `file` is an absolute path, or `:memory:`. */
  | { readonly kind: "sqlite"; readonly file: string }
  /** The URL may hold a password. */
  | { readonly kind: "postgres"; readonly url: URL };

const FORMS = "sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE";

/**
 * @param url `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`.
 * @param field The name of the setting, for messages.
 * @throws ArgumentError that never shows the URL, since even a malformed one may hold a password.
 */
export function parseDatabaseLocation(url: string, field: string): DatabaseLocation {
  const [, file] = /^sqlite:(.+)$/s.exec(url) ?? [];
  if (file !== undefined) return { kind: "sqlite", file: fileIn(file, field) };
  if (!/^postgres(ql)?:\/\/./.test(url)) {
    throw new ArgumentError("invalid-location", { field, problem: "is not the URL of a database", expected: FORMS });
  }
  // Messages show the path, so it must not contain a part of the password.
  if (/^postgres(ql)?:\/\/[^/?#]*(#|[/?].*[@#])/s.test(url)) {
    throw new ArgumentError("invalid-location", {
      field,
      problem: "contains an @ or a # after its host",
      expected: "percent-encoding in the user and the password (/ is %2F, ? is %3F, # is %23)",
    });
  }
  if (!URL.canParse(url)) {
    throw new ArgumentError("invalid-location", { field, problem: "is not a URL", expected: FORMS });
  }
  return { kind: "postgres", url: new URL(url) };
}

/** @throws ArgumentError for a text that other programs do not read as a path: the user may mean another file. */
function fileIn(text: string, field: string): string {
  if (text === ":memory:") return text;
  if (/^(:|file:|\/\/[^/])/.test(text)) {
    throw new ArgumentError("invalid-location", {
      field,
      problem: `is not sqlite: and a path`,
      expected: "sqlite:FILE, with a path such as ./cronyx.db or /data/cronyx.db, or sqlite::memory:",
    });
  }
  return path.resolve(text);
}
