import { StoreError } from "../job-store.ts";

/** What two kinds of database call the same thing. */
export interface Dialect {
  readonly bytes: "BLOB" | "bytea";
}

/**
 * The statements that bring a database from each version of the schema to the next: the first makes version 1. Only ever
 * added to. They run in one transaction, under a lock, so that any number of servers may start at once.
 */
const MIGRATIONS: readonly ((dialect: Dialect) => string)[] = [
  ({ bytes }) => `CREATE TABLE cronyx_job (name ${bytes} PRIMARY KEY, version text NOT NULL, state text NOT NULL)`,
];

/**
 * @param version The schema's version that the database has; 0 if it has none.
 * @param place The database, for messages.
 * @returns the statements that are still to run, each with the version that it makes.
 * @throws StoreError `unusable` when the database was made by a newer release.
 */
export function migrationsFrom(version: number, dialect: Dialect, place: string) {
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      "unusable",
      `${place} has version ${version} of the schema, and this release knows versions up to ${MIGRATIONS.length}: use a newer release`,
    );
  }
  return MIGRATIONS.slice(version).map((statement, at) => ({ sql: statement(dialect), makes: version + at + 1 }));
}
