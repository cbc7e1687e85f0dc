import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { parseDatabaseLocation } from "../../src/location/database-location.ts";
import { serverMessage } from "../../src/server/remedies.ts";

const SECRET = "hunter2";

describe("the location of a database is", () => {
  test.each([
    ["sqlite:/var/lib/cronyx.db", "/var/lib/cronyx.db"],
    ["sqlite:cronyx.db", path.resolve("cronyx.db")],
    ["sqlite:./a b/../cronyx.db", path.resolve("a b/../cronyx.db")],
    ["sqlite:/a?b#c@d", "/a?b#c@d"],
    ["sqlite:///data/cronyx.db", "/data/cronyx.db"],
    ["sqlite:a:memory:", path.resolve("a:memory:")],
  ])("a file: %s", (url, file) => {
    expect(parseDatabaseLocation(url, "JOB_STORE_URL")).toEqual({ kind: "sqlite", file: path.resolve(file) });
  });

  test("in memory: sqlite::memory:", () => {
    expect(parseDatabaseLocation("sqlite::memory:", "JOB_STORE_URL")).toEqual({ kind: "sqlite", file: ":memory:" });
  });

  test.each([
    "postgres://db/locks",
    "postgresql://cronyx@db:5432/locks",
    "postgres://cronyx:p%40ss%2Fw%23rd@db/locks?sslmode=require",
  ])("a URL of PostgreSQL: %s", (url) => {
    expect(parseDatabaseLocation(url, "JOB_STORE_URL")).toEqual({ kind: "postgres", url: new URL(url) });
  });
});

const FORMS = "use sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE";
const PATHS = "use sqlite:FILE, with a path such as ./cronyx.db or /data/cronyx.db, or sqlite::memory:";
const ESCAPES = "percent-encoding in the user and the password (/ is %2F, ? is %3F, # is %23)";

describe("the location of a database is refused, without its value", () => {
  test.each([
    ["mysql://localhost/x", "is not the URL of a database", FORMS],
    ["sqlite:", "is not the URL of a database", FORMS],
    ["sqlite::memory", "is not sqlite: and a path", PATHS],
    ["sqlite:file::memory:?cache=shared", "is not sqlite: and a path", PATHS],
    ["sqlite:file:cronyx.db?mode=ro", "is not sqlite: and a path", PATHS],
    ["sqlite://data/cronyx.db", "is not sqlite: and a path", PATHS],
    ["sqlite://./cronyx.db", "is not sqlite: and a path", PATHS],
    ["postgres:x", "is not the URL of a database", FORMS],
    ["postgres://", "is not the URL of a database", FORMS],
    ["cronyx.db", "is not the URL of a database", FORMS],
    ["", "is not the URL of a database", FORMS],
    [`mysql://user:${SECRET}@localhost/x`, "is not the URL of a database", FORMS],
    [`postgres://cronyx:${SECRET}@db:99999/locks`, "is not a URL", FORMS],
    [`postgres://cronyx:p/${SECRET}@db/locks`, "contains an @ or a # after its host", ESCAPES],
    [`postgres://cronyx:p?${SECRET}@db/locks`, "contains an @ or a # after its host", ESCAPES],
    [`postgres://cronyx:p#${SECRET}@db/locks`, "contains an @ or a # after its host", ESCAPES],
  ])("%j: it %s", (url, problem, remedy) => {
    const error = thrownBy(() => parseDatabaseLocation(url, "JOB_STORE_URL"));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ code: "invalid-location", message: `JOB_STORE_URL ${problem}` });
    expect(serverMessage(error)).toContain(remedy);
    expect(`${serverMessage(error)} ${(error as Error).stack}`).not.toContain(SECRET);
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
