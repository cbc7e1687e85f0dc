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
 * @param field What the caller calls it.
 * @throws ArgumentError that never shows the URL, since it may hold a password, rightly written or not.
 */
export function parseDatabaseLocation(url: string, field: string): DatabaseLocation {
  const [, file] = /^sqlite:(.+)$/s.exec(url) ?? [];
  if (file !== undefined) return { kind: "sqlite", file: fileIn(file, field) };
  if (!/^postgres(ql)?:\/\/./.test(url)) {
    throw new ArgumentError("invalid-location", { field, problem: "is not the URL of a database", expected: FORMS });
  }
  // What follows the host is shown in messages, as the path.
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

/** Forms that other programs read otherwise than as a path: it would name a file that the user did not mean. */
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
