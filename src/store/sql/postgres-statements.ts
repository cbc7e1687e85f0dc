import type pg from "pg";
import type { Instant } from "../../scheduler/instant.ts";
import { jobNameOf, keyOf } from "./job-row.ts";
import type { SwapRow } from "./swap-row.ts";

/** Runs a statement without parameters: a message with parameters takes one statement only. */
export type Query = <Row extends pg.QueryResultRow>(statement: string) => Promise<readonly Row[]>;

interface Rows {
  readonly rows: ReadonlyMap<string, { readonly version: string; readonly state: string }>;
  readonly now: Instant;
}

/** The outer join gives one row even where no job has one, so that the database's clock is read at no further cost. */
export async function readAll(requested: readonly (readonly string[])[], query: Query): Promise<Rows> {
  const keys = [...new Set(requested.flat())].map((name) => bytes(keyOf(name)));
  const rows = await query<{ now: string; name: Buffer | null; version: string; state: string }>(
    `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now, name, version, state
      FROM (SELECT) AS once LEFT JOIN cronyx_job ON name = ANY(ARRAY[${keys}]::bytea[])`,
  );
  return {
    rows: new Map(
      rows.flatMap(({ name, version, state }) => (name === null ? [] : [[jobNameOf(name), { version, state }]])),
    ),
    now: Number(rows[0]?.now),
  };
}

// Where a batch has several swaps of one job, at most one is made. The versions that a statement returns tell which.

export async function insertAll(swaps: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  const rows = swaps.map(({ key, version, document }) => `(${bytes(key)}, ${text(version)}, ${text(document)})`);
  const made = await query<{ version: string }>(
    `INSERT INTO cronyx_job (name, version, state) VALUES ${rows} ON CONFLICT (name) DO NOTHING RETURNING version`,
  );
  return new Set(made.map(({ version }) => version));
}

export async function updateAll(swaps: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  // In the same order on all servers, so that servers that update the same rows cannot deadlock.
  const rows = swaps
    .toSorted((a, b) => Buffer.compare(a.key, b.key))
    .map(({ key, version, document, expected }) => {
      return `(${bytes(key)}, ${text(version)}, ${text(document)}, ${text(expected ?? "")})`;
    });
  const made = await query<{ version: string }>(
    `UPDATE cronyx_job AS job SET version = swap.version, state = swap.state
      FROM (VALUES ${rows}) AS swap (name, version, state, expected)
      WHERE job.name = swap.name AND job.version = swap.expected RETURNING job.version`,
  );
  return new Set(made.map(({ version }) => version));
}

export async function versionOf(key: Buffer, query: Query): Promise<string | null> {
  const rows = await query<{ version: string }>(`SELECT version FROM cronyx_job WHERE name = ${bytes(key)}`);
  return rows[0]?.version ?? null;
}

/** A literal that means the same in each setting of `standard_conforming_strings`, as one of {@link text} does. */
function bytes(value: Buffer): string {
  return `decode('${value.toString("hex")}', 'hex')`;
}

/**
 * Quotes a text as `escapeLiteral` of pg does. That function makes a string of each character, and collecting them took half of
 * the server's time.
 *
 * @param value Without NUL, which would end the message: JSON and versions contain none.
 */
function text(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
