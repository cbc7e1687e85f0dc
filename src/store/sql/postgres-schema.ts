import type pg from "pg";
import { ServiceError } from "../../errors/service-error.ts";
import { migrationsFrom } from "./migrations.ts";

/** The advisory lock that is held while the schema is changed. */
const MIGRATION_LOCK = 7_270_866_157;

/**
 * Brings the schema to this release.
 *
 * @param limits A statement that limits the time of the statements after it in the transaction.
 * @throws ServiceError for a database with an unsuitable encoding, or with the schema of a newer release.
 */
export async function migrate(pool: pg.Pool, place: string, limits: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; ${limits}`);
    await checkEncoding(client, place);
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await client.query("CREATE TABLE IF NOT EXISTS cronyx_schema (version integer PRIMARY KEY)");
    const { rows } = await client.query<{ version: number }>(
      "SELECT coalesce(max(version), 0) AS version FROM cronyx_schema",
    );
    for (const { sql, makes } of migrationsFrom(rows[0]?.version ?? 0, { bytes: "bytea" }, place)) {
      await client.query(sql);
      await client.query("INSERT INTO cronyx_schema (version) VALUES ($1)", [makes]);
    }
    await client.query("COMMIT");
    client.release();
  } catch (error) {
    // Destroys the connection, which rolls the transaction back.
    client.release(true);
    throw error;
  }
}

/** SQL_ASCII stores all bytes as they are. */
const ENCODINGS = ["UTF8", "SQL_ASCII"];

async function checkEncoding(client: pg.PoolClient, place: string): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>("SELECT current_setting('server_encoding') AS encoding");
  const { encoding = "" } = rows[0] ?? {};
  if (ENCODINGS.includes(encoding)) return;
  throw new ServiceError("database-encoding", {
    place,
    problem: `has the encoding ${encoding}, which lacks characters that a state document may contain`,
    effect: "none",
  });
}
