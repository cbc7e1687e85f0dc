import path from "node:path";
import type { Deadline } from "../network/deadline.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import type { JobStore } from "./job-store.ts";

/** The first version of Node that has SQLite built in. @see https://nodejs.org/api/sqlite.html */
const SQLITE_SINCE = [22, 13] as const;

/**
 * Opens the database of a server, and makes or brings up to date what it needs there.
 *
 * @param url `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`.
 * @throws ArgumentError when the URL is of neither kind, or this Node has no SQLite.
 * @throws StoreError when the database can't be used.
 */
export async function openDatabase(url: string, log: (line: string) => void, deadline: Deadline): Promise<JobStore> {
  const [, file] = /^sqlite:(.+)$/s.exec(url) ?? [];
  if (file !== undefined) {
    checkRuntime(process.versions.node);
    const { SqliteStore } = await import("./sql/sqlite.ts");
    return SqliteStore.open(path.resolve(file), log, deadline);
  }
  // The URL isn't shown: it may hold a password.
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new ArgumentError(
      "JOB_STORE_URL is of no known kind: give sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE",
    );
  }
  const { PostgresStore } = await import("./sql/postgres.ts");
  return PostgresStore.open(new URL(url), log, deadline);
}

function checkRuntime(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > SQLITE_SINCE[0] || (major === SQLITE_SINCE[0] && minor >= SQLITE_SINCE[1])) return;
  throw new ArgumentError(
    `This is Node ${version}, which has no SQLite: use Node ${SQLITE_SINCE.join(".")} or newer, or keep the locks in PostgreSQL (JOB_STORE_URL=postgres://…)`,
  );
}
