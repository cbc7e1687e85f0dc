import type pg from "pg";
import type { Instant } from "../../scheduler/instant.ts";
import { binaryArray } from "./binary-array.ts";
import { jobNameOf, keyOf } from "./job-row.ts";
import type { Statement } from "./limited-query.ts";
import type { SwapRow } from "./swap-row.ts";

export type Query = <Row extends pg.QueryResultRow>(statement: Statement) => Promise<readonly Row[]>;

interface Rows {
  readonly rows: ReadonlyMap<string, { readonly version: string; readonly state: string }>;
  readonly now: Instant;
}

/** The outer join gives one row even where no job has one, so that the database's clock is read at no further cost. */
export async function readAll(requested: readonly (readonly string[])[], query: Query): Promise<Rows> {
  const keys = [...new Set(requested.flat())].map(keyOf);
  const rows = await query<{ now: string; name: Buffer | null; version: string; state: string }>({
    text: `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now, name, version, state
      FROM (SELECT) AS once LEFT JOIN cronyx_job ON name = ANY($1::bytea[])`,
    values: [binaryArray("bytea", keys)],
  });
  return {
    rows: new Map(
      rows.flatMap(({ name, version, state }) => (name === null ? [] : [[jobNameOf(name), { version, state }]])),
    ),
    now: Number(rows[0]?.now),
  };
}

// Where a batch has several swaps of one job, at most one is made. The versions that a statement returns tell which.

export async function insertAll(swaps: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  const made = await query<{ version: string }>({
    text: `INSERT INTO cronyx_job (name, version, state) SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])
      ON CONFLICT (name) DO NOTHING RETURNING version`,
    values: newColumns(inOrder(swaps)),
  });
  return new Set(made.map(({ version }) => version));
}

export async function updateAll(swaps: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  const [first] = swaps;
  const isAlone = swaps.length === 1 && first !== undefined;
  const made = await query<{ version: string }>(isAlone ? updateOf(first) : updateOfBatch(swaps));
  return new Set(made.map(({ version }) => version));
}

/** A batch of one row. PostgreSQL plans it faster than the join of {@link updateOfBatch}. */
function updateOf({ key, version, document, expected }: SwapRow): Statement {
  return {
    text: "UPDATE cronyx_job SET version = $2, state = $3 WHERE name = $1 AND version = $4 RETURNING version",
    values: [key, version, document, expected ?? ""],
  };
}

function updateOfBatch(swaps: readonly SwapRow[]): Statement {
  const sorted = inOrder(swaps);
  const expected = sorted.map(({ expected }) => expected ?? "");
  return {
    text: `UPDATE cronyx_job AS job SET version = swap.version, state = swap.state
      FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) AS swap (name, version, state, expected)
      WHERE job.name = swap.name AND job.version = swap.expected RETURNING job.version`,
    values: [...newColumns(sorted), binaryArray("text", expected)],
  };
}

/**
 * @returns the rows in the same order on all servers. As long as PostgreSQL's plan keeps this order, servers that write the same
 *   rows cannot deadlock. A batch that is ended by a deadlock is tried again, each row alone.
 */
function inOrder(rows: readonly SwapRow[]): readonly SwapRow[] {
  return rows.toSorted((a, b) => Buffer.compare(a.key, b.key));
}

/** The name, the version and the document of each row. */
function newColumns(rows: readonly SwapRow[]): readonly Buffer[] {
  return [
    binaryArray(
      "bytea",
      rows.map(({ key }) => key),
    ),
    binaryArray(
      "text",
      rows.map(({ version }) => version),
    ),
    binaryArray(
      "text",
      rows.map(({ document }) => document),
    ),
  ];
}

export async function versionOf(key: Buffer, query: Query): Promise<string | null> {
  const rows = await query<{ version: string }>({
    text: "SELECT version FROM cronyx_job WHERE name = $1",
    values: [key],
  });
  return rows[0]?.version ?? null;
}
