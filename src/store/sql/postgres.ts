import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Deadline } from "../../network/deadline.ts";
import { PassingFault, retrying } from "../../network/retry.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type JobRecord, type JobStore, StoreError, type StoreErrorCode, type Swap } from "../job-store.ts";
import { jobNameOf, keyOf, stateIn } from "./document.ts";
import { migrationsFrom } from "./migrations.ts";
import type { SwapRow } from "./swap-row.ts";
import { TurnBatches } from "./turn-batches.ts";

const CONNECTIONS = 8;
/** What a statement may take, in milliseconds: the server ends it then. */
const LONGEST_STATEMENT = 5_000;
/** And so long it waits for a lock: a row that someone holds keeps the others of its batch no longer. */
const LONGEST_WAIT = 1_000;
/** Its answer may take a second more. */
const LONGEST_ANSWER = LONGEST_STATEMENT + 1_000;
/** Of the advisory locks of a database, the one under which its schema is changed. */
const MIGRATION_LOCK = 7_270_866_157;

type Query = <Row extends pg.QueryResultRow>(statement: pg.QueryConfig) => Promise<pg.QueryResult<Row>>;

/** The register in PostgreSQL. Any number of servers may share one database. */
export class PostgresStore implements JobStore {
  readonly #pool: pg.Pool;
  readonly #place: string;
  readonly #log: (line: string) => void;
  readonly #reads = new TurnBatches((asked: readonly (readonly string[])[]) =>
    readAll(asked, this.#query(LONGEST_ANSWER)),
  );
  readonly #inserts = new TurnBatches((rows: readonly SwapRow[]) => insertAll(rows, this.#query(LONGEST_ANSWER)));
  readonly #updates = new TurnBatches((rows: readonly SwapRow[]) => updateAll(rows, this.#query(LONGEST_ANSWER)));

  /**
   * @param url `postgres://USER:PASSWORD@HOST/DATABASE`.
   * @throws StoreError when the database can't be reached, or isn't one of this release.
   */
  static async open(url: URL, log: (line: string) => void, deadline: Deadline): Promise<PostgresStore> {
    const place = `the database ${url.host}${url.pathname}`;
    const pool = new pg.Pool({
      connectionString: url.href,
      application_name: "cronyx",
      max: CONNECTIONS,
      connectionTimeoutMillis: LONGEST_STATEMENT,
      statement_timeout: LONGEST_STATEMENT,
      lock_timeout: LONGEST_WAIT,
      query_timeout: LONGEST_ANSWER,
      keepAlive: true,
    });
    // A connection that breaks while nobody uses it: the pool makes a new one.
    pool.on("error", (error) => log(`A connection to ${place} broke: ${error.message}`));
    const store = new PostgresStore(pool, place, log);
    try {
      await store.#attempt(deadline, () => migrate(pool, place));
    } catch (error) {
      await pool.end();
      throw error;
    }
    return store;
  }

  private constructor(pool: pg.Pool, place: string, log: (line: string) => void) {
    this.#pool = pool;
    this.#place = place;
    this.#log = log;
  }

  async read(names: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, JobRecord>> {
    const rows = await this.#attempt(deadline, (query, inBatch) =>
      inBatch ? this.#reads.add(names) : readAll([names], query),
    );
    const records = new Map<string, JobRecord>();
    for (const name of names) {
      const row = rows.get(name);
      if (row !== undefined) records.set(name, { version: row.version, state: stateIn(row.state, name, this.#place) });
    }
    return records;
  }

  /** The version is chosen here: where an answer was lost, it tells whether this swap was taken. */
  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const row = { key: keyOf(state.name), version: randomUUID(), document: JSON.stringify(state), expected };
    const [batches, alone] =
      expected === null ? ([this.#inserts, insertAll] as const) : ([this.#updates, updateAll] as const);
    // Whether a try of this very swap may have been carried out.
    let unsettled = false;
    try {
      return await this.#attempt(deadline, async (query, inBatch) => {
        const taken = await (inBatch ? batches.add(row) : alone([row], query)).catch((error) => {
          unsettled ||= !isUndone(error);
          throw error;
        });
        const { key, version } = row;
        if (taken.has(version)) return { version };
        if (unsettled && (await versionOf(key, query)) === version) return { version };
        return { version: null, unsettled };
      });
    } catch (error) {
      if (!(error instanceof StoreError) || !unsettled) throw error;
      throw new StoreError(error.code, error.message, { cause: error.cause, unsettled });
    }
  }

  async list(deadline: Deadline): Promise<readonly string[]> {
    const { rows } = await this.#attempt(deadline, (query) =>
      query<{ name: Buffer }>({ text: "SELECT name FROM cronyx_job" }),
    );
    return rows.map(({ name }) => jobNameOf(name)).sort();
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  #query(longest: number): Query {
    return (statement) => this.#pool.query({ ...statement, query_timeout: longest } as pg.QueryConfig);
  }

  /**
   * Nothing is begun after the deadline, and no answer is waited for beyond it: whoever asked has gone then.
   *
   * @param work Is told whether there is time for a batch, the first time alone: what failed for all would fail for all again.
   */
  async #attempt<T>(deadline: Deadline, work: (query: Query, inBatch: boolean) => Promise<T>): Promise<T> {
    let isFirst = true;
    try {
      return await retrying(deadline, this.#log, async () => {
        const left = Math.ceil(deadline.remaining());
        const inBatch = isFirst && left > LONGEST_ANSWER;
        isFirst = false;
        try {
          if (left === 0) throw new PassingFault(`${this.#place} wasn't asked, for want of time`, { unsettled: false });
          return await work(this.#query(Math.min(left, LONGEST_ANSWER)), inBatch);
        } catch (cause) {
          throw cause instanceof StoreError || cause instanceof PassingFault ? cause : fault(cause, this.#place);
        }
      });
    } catch (cause) {
      if (!(cause instanceof PassingFault)) throw cause;
      throw new StoreError("unreachable", `${cause.message}: check JOB_STORE_URL and that database`, { cause });
    }
  }
}

async function readAll(
  asked: readonly (readonly string[])[],
  query: Query,
): Promise<ReadonlyMap<string, { readonly version: string; readonly state: string }>> {
  const { rows } = await query<{ name: Buffer; version: string; state: string }>({
    name: "read",
    text: "SELECT name, version, state FROM cronyx_job WHERE name = ANY($1)",
    values: [[...new Set(asked.flat())].map(keyOf)],
  });
  return new Map(rows.map(({ name, ...row }) => [jobNameOf(name), row]));
}

// Of several swaps of one job, one is taken: which, its version tells.

async function insertAll(rows: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  const taken = await query<{ version: string }>({
    name: "insert",
    text: `INSERT INTO cronyx_job (name, version, state)
      SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])
      ON CONFLICT (name) DO NOTHING RETURNING version`,
    values: [rows.map(({ key }) => key), rows.map(({ version }) => version), rows.map(({ document }) => document)],
  });
  return new Set(taken.rows.map(({ version }) => version));
}

async function updateAll(rows: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  // In one order everywhere, so that servers that swap the same jobs wait for one another, and not in a circle.
  const sorted = rows.toSorted((a, b) => Buffer.compare(a.key, b.key));
  const taken = await query<{ version: string }>({
    name: "update",
    text: `UPDATE cronyx_job AS job SET version = swap.version, state = swap.state
      FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) AS swap (name, version, state, expected)
      WHERE job.name = swap.name AND job.version = swap.expected RETURNING job.version`,
    values: [
      sorted.map(({ key }) => key),
      sorted.map(({ version }) => version),
      sorted.map(({ document }) => document),
      sorted.map(({ expected }) => expected),
    ],
  });
  return new Set(taken.rows.map(({ version }) => version));
}

async function versionOf(key: Buffer, query: Query): Promise<string | null> {
  const { rows } = await query<{ version: string }>({
    name: "version",
    text: "SELECT version FROM cronyx_job WHERE name = $1",
    values: [key],
  });
  return rows[0]?.version ?? null;
}

/** Whether a statement that failed has changed nothing for sure: the database itself said so, and lives on. */
function isUndone(error: unknown): boolean {
  if (error instanceof PassingFault) return !error.unsettled;
  return error instanceof pg.DatabaseError && error.severity === "ERROR";
}

async function migrate(pool: pg.Pool, place: string): Promise<void> {
  const client = await pool.connect();
  // A connection that breaks says so here too, beside the query that fails: unheard it would end the process.
  const ignore = () => {};
  client.on("error", ignore);
  try {
    await client.query("BEGIN");
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
    client.off("error", ignore);
    client.release();
  } catch (error) {
    // The connection is thrown away, and the transaction with it.
    client.release(true);
    throw error;
  }
}

/** By class or code. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const FINAL: readonly (readonly [codes: RegExp, code: StoreErrorCode, remedy: string])[] = [
  [/^28/, "unauthorized", "check the user and password in JOB_STORE_URL"],
  [/^42501$/, "forbidden", "let its user create and write tables there"],
  [/^3D000$/, "not-found", "create it, or check JOB_STORE_URL"],
  [/^42/, "unusable", "check that JOB_STORE_URL names a database of its own for the locks"],
];
/** Lost connections, too many of them, a server that ends or has just become a replica, deadlocks, and time-outs. */
const PASSING = /^(08|25006|40|53|55P03|57)/;

/** What the database didn't say itself happened on the way to it. */
function fault(cause: unknown, place: string): Error {
  if (!(cause instanceof pg.DatabaseError) || PASSING.test(cause.code ?? "")) {
    return new PassingFault(`${place} can't be reached (${wordsOf(cause)})`, { cause });
  }
  const [, code, remedy] = FINAL.find(([codes]) => codes.test(cause.code ?? "")) ?? [
    null,
    "refused" as const,
    "see its log",
  ];
  return new StoreError(code, `${place} can't be used (${cause.message}): ${remedy}`, { cause });
}

/** Where Node tried several addresses, its error has no message but a code. */
function wordsOf(cause: unknown): string {
  const { message, code } = cause as { readonly message?: string; readonly code?: string };
  return message || code || String(cause);
}
