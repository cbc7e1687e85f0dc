import { ServiceError } from "../../errors/service-error.ts";

/** The names that differ between the databases. */
export interface Dialect {
  readonly bytes: "BLOB" | "bytea";
}

/**
 * The statements that bring a database from each version of the schema to the next: the first makes version 1. A released
 * statement never changes. They run in one transaction, under a lock, so that any number of servers may start at once.
 */
const MIGRATIONS: readonly ((dialect: Dialect) => string)[] = [
  ({ bytes }) => `CREATE TABLE cronyx_job (name ${bytes} PRIMARY KEY, version text NOT NULL, state text NOT NULL)`,
];

/**
 * @param version The version of the database's schema; 0 if it has none.
 * @param place The database, for messages.
 * @returns the statements to run, each with the version that it makes.
 * @throws ServiceError `database-too-new` when a newer release made the schema.
 */
export function migrationsFrom(version: number, dialect: Dialect, place: string) {
  if (version > MIGRATIONS.length) {
    throw new ServiceError("database-too-new", {
      place,
      problem: `has version ${version} of the schema, and this release knows versions up to ${MIGRATIONS.length}`,
      effect: "none",
    });
  }
  return MIGRATIONS.slice(version).map((statement, at) => ({ sql: statement(dialect), makes: version + at + 1 }));
}
