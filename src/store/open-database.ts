import { ArgumentError } from "../errors/argument-error.ts";
import type { DatabaseLocation } from "../location/database-location.ts";
import type { JobStore } from "./job-store.ts";
import type { DatabaseOptions } from "./sql/database-options.ts";

/** The first version of Node that has SQLite built in. @see https://nodejs.org/api/sqlite.html */
const SQLITE_SINCE = [22, 13] as const;

/**
 * Opens the database of a server, and creates or migrates the tables that it needs there.
 *
 * @throws ArgumentError when this Node has no SQLite.
 * @throws ServiceError when the database cannot be used.
 */
export async function openDatabase(location: DatabaseLocation, options: DatabaseOptions): Promise<JobStore> {
  switch (location.kind) {
    case "sqlite": {
      checkRuntime(process.versions.node);
      const { SqliteStore } = await import("./sql/sqlite.ts");
      return SqliteStore.open(location.file, options);
    }
    case "postgres": {
      const { PostgresStore } = await import("./sql/postgres.ts");
      return PostgresStore.open(location.url, options);
    }
  }
}

function checkRuntime(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > SQLITE_SINCE[0] || (major === SQLITE_SINCE[0] && minor >= SQLITE_SINCE[1])) return;
  throw new ArgumentError("no-sqlite", {
    field: "Node",
    problem: `${version} has no SQLite`,
    expected: `Node ${SQLITE_SINCE.join(".")} or newer, or keep the locks in PostgreSQL (postgres://…)`,
  });
}
