import { randomUUID } from "node:crypto";
import pg from "pg";
import { type DatabaseErrorCode, type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { retrying } from "../../network/retry.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../job-store.ts";
import { jobNameOf, keyOf, stateIn } from "./job-row.ts";
import { migrationsFrom } from "./migrations.ts";
import type { SwapRow } from "./swap-row.ts";
import { TurnBatches } from "./turn-batches.ts";

const CONNECTIONS = 8;
/** The longest that a statement may take, in milliseconds: PostgreSQL cancels it then. */
const LONGEST_STATEMENT = 5_000;
/** The longest that a statement waits for a row lock, in milliseconds: the rest of its batch waits no longer either. */
const LONGEST_WAIT = 1_000;
/** The longest wait for a statement's answer, in milliseconds: a second more, for the network. */
const LONGEST_ANSWER = LONGEST_STATEMENT + 1_000;
/** The advisory lock that is held while the schema is changed. */
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
   * @throws ServiceError when the database cannot be reached, or has no schema of this release.
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
    // Without a listener, the error of a broken connection ends the process. The pool has no listener of its own between the
    // moment in which a connection is ready and that in which `migrate` gets it, and the error can be in the same packet.
    pool.on("connect", (client) => client.on("error", () => {}));
    // An idle connection broke. The pool makes a new one when it needs it.
    pool.on("error", (error) => log(`An idle connection to ${place} broke: ${error.message}`));
    const store = new PostgresStore(pool, place, log);
    try {
      await store.#reading(deadline, () => migrate(pool, place));
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

  async read(names: readonly string[], deadline: Deadline): Promise<Reading> {
    const { rows, now } = await this.#reading(deadline, (query, inBatch) =>
      inBatch ? this.#reads.add(names) : readAll([names], query),
    );
    const records = new Map<string, JobRecord>();
    for (const name of names) {
      const row = rows.get(name);
      if (row !== undefined) records.set(name, { version: row.version, state: stateIn(row.state, name, this.#place) });
    }
    return { records, now };
  }

  /** The version is chosen here: after a lost answer it tells whether this swap was made. */
  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const row = { key: keyOf(state.name), version: randomUUID(), document: JSON.stringify(state), expected };
    const [batches, alone] =
      expected === null ? ([this.#inserts, insertAll] as const) : ([this.#updates, updateAll] as const);
    const { result, earlierEffect } = await this.#attempts(
      deadline,
      async (query, inBatch) => {
        const made = await (inBatch ? batches.add(row) : alone([row], query));
        // Not made: but an earlier attempt whose answer was lost may have been, and this one found its result.
        return made.has(row.version) || (!inBatch && (await versionOf(row.key, query)) === row.version);
      },
      effectOf,
    );
    return result ? { version: row.version } : { version: null, effect: earlierEffect };
  }

  async list(deadline: Deadline): Promise<readonly string[]> {
    const { rows } = await this.#reading(deadline, (query) =>
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

  async #reading<T>(deadline: Deadline, work: (query: Query, inBatch: boolean) => Promise<T>): Promise<T> {
    return (await this.#attempts(deadline, work, () => "none")).result;
  }

  /**
   * Begins nothing after the deadline and waits for no answer beyond it: the caller has given up by then.
   *
   * @param work Its first attempt joins a batch, if there is time for one. Later attempts run alone, since a statement that
   *   failed for a whole batch could fail for it again.
   * @param effectOf The effect of an attempt that failed.
   */
  #attempts<T>(
    deadline: Deadline,
    work: (query: Query, inBatch: boolean) => Promise<T>,
    effectOf: (failure: unknown) => Effect,
  ) {
    let isFirst = true;
    return retrying(deadline, this.#log, async () => {
      const left = Math.ceil(deadline.remaining());
      const inBatch = isFirst && left > LONGEST_ANSWER;
      isFirst = false;
      if (left === 0) throw failureOf(new Error("no time was left to ask it"), this.#place, "none");
      try {
        return await work(this.#query(Math.min(left, LONGEST_ANSWER)), inBatch);
      } catch (cause) {
        throw cause instanceof ServiceError ? cause : failureOf(cause, this.#place, effectOf(cause));
      }
    });
  }
}

interface Rows {
  readonly rows: ReadonlyMap<string, { readonly version: string; readonly state: string }>;
  readonly now: Instant;
}

/** The outer join gives one row even where no job has one, so that the database's clock is read at no further cost. */
async function readAll(asked: readonly (readonly string[])[], query: Query): Promise<Rows> {
  const { rows } = await query<{ now: string; name: Buffer | null; version: string; state: string }>({
    name: "read",
    text: `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now, name, version, state
      FROM (SELECT) AS once LEFT JOIN cronyx_job ON name = ANY($1)`,
    values: [[...new Set(asked.flat())].map(keyOf)],
  });
  return {
    rows: new Map(
      rows.flatMap(({ name, version, state }) => (name === null ? [] : [[jobNameOf(name), { version, state }]])),
    ),
    now: Number(rows[0]?.now),
  };
}

// Where a batch has several swaps of one job, at most one is made. The versions that a statement returns tell which.

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
  // In the same order on all servers, so that servers that update the same rows cannot deadlock.
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

/** A statement that PostgreSQL itself refused changed nothing. Any other failure may have lost the answer of one that did. */
function effectOf(failure: unknown): Effect {
  return failure instanceof pg.DatabaseError && failure.severity === "ERROR" ? "none" : "possible";
}

async function migrate(pool: pg.Pool, place: string): Promise<void> {
  const client = await pool.connect();
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
    client.release();
  } catch (error) {
    // Destroys the connection, which rolls the transaction back.
    client.release(true);
    throw error;
  }
}

/** By class or code. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const FINAL: readonly (readonly [sqlStates: RegExp, code: DatabaseErrorCode])[] = [
  [/^28/, "database-login-refused"],
  [/^42501$/, "database-forbidden"],
  [/^3D000$/, "database-not-found"],
  [/^42/, "database-unusable"],
];
/** Lost connections, too many of them, a server that stops or has just become a replica, deadlocks, and time-outs. */
const TRANSIENT = /^(08|25006|40|53|55P03|57)/;

/** A failure that PostgreSQL did not report itself happened on the way to it. */
function failureOf(cause: unknown, place: string, effect: Effect): ServiceError {
  const about = { place, effect, cause };
  if (!(cause instanceof pg.DatabaseError) || TRANSIENT.test(cause.code ?? "")) {
    const problem = `cannot be reached (${wordsOf(cause)})`;
    return new ServiceError("database-unreachable", { ...about, problem, retryAfter: 0 });
  }
  const [, code] = FINAL.find(([sqlStates]) => sqlStates.test(cause.code ?? "")) ?? [null, "database-refused" as const];
  return new ServiceError(code, { ...about, problem: `cannot be used (${cause.message})` });
}

/** Where Node tried several addresses, its error has a code and no message. */
function wordsOf(cause: unknown): string {
  const { message, code } = cause as { readonly message?: string; readonly code?: string };
  return message || code || String(cause);
}
