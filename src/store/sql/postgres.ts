import { randomUUID } from "node:crypto";
import pg from "pg";
import { type DatabaseErrorCode, type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { retrying } from "../../network/retry.ts";
import { tlsFailure } from "../../network/tls-failure.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../job-store.ts";
import { stateIn } from "../json-document.ts";
import { jobNameOf, keyOf } from "./job-row.ts";
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

/**
 * Sent with each statement, in one message, which PostgreSQL runs as one transaction. A pooler such as PgBouncer may give
 * each transaction another connection, so no setting and no prepared statement of a connection may outlive a transaction.
 */
const LIMITS = `SET LOCAL statement_timeout = ${LONGEST_STATEMENT}; SET LOCAL lock_timeout = ${LONGEST_WAIT}; `;

/** Runs a statement without parameters: a message with parameters takes one statement only. */
type Query = <Row extends pg.QueryResultRow>(statement: string) => Promise<readonly Row[]>;

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
    const rows = await this.#reading(deadline, (query) => query<{ name: Buffer }>("SELECT name FROM cronyx_job"));
    return rows.map(({ name }) => jobNameOf(name)).sort();
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  #query(longest: number): Query {
    return async <Row extends pg.QueryResultRow>(statement: string) => {
      const query = { text: LIMITS + statement, query_timeout: longest };
      // One result for each statement of the message.
      const results = (await this.#pool.query(query)) as unknown as readonly pg.QueryResult<Row>[];
      return results.at(-1)?.rows ?? [];
    };
  }

  async #reading<T>(deadline: Deadline, work: (query: Query, inBatch: boolean) => Promise<T>): Promise<T> {
    return (await this.#attempts(deadline, work, () => "none")).result;
  }

  /**
   * Begins nothing after the deadline and waits for no answer beyond it: the caller has given up by then.
   *
   * @param work Its first attempt joins a batch, if there is time for one. Later attempts run alone, since a statement that
   *   failed for a whole batch could fail for it again. After a first attempt that PostgreSQL refused, one more follows at
   *   once: the fault may be in another row of the batch, or the schema has just changed.
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
      const mayRepeat = isFirst;
      const inBatch = isFirst && left > LONGEST_ANSWER;
      isFirst = false;
      if (left === 0) throw failureOf(new Error("no time was left to ask it"), this.#place, "none");
      const query = this.#query(Math.min(left, LONGEST_ANSWER));
      try {
        return await work(query, inBatch).catch((cause) => {
          if (mayRepeat && isRefused(cause)) return work(query, false);
          throw cause;
        });
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
  const keys = [...new Set(asked.flat())].map((name) => bytes(keyOf(name)));
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

async function insertAll(swaps: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
  const rows = swaps.map(({ key, version, document }) => `(${bytes(key)}, ${text(version)}, ${text(document)})`);
  const made = await query<{ version: string }>(
    `INSERT INTO cronyx_job (name, version, state) VALUES ${rows} ON CONFLICT (name) DO NOTHING RETURNING version`,
  );
  return new Set(made.map(({ version }) => version));
}

async function updateAll(swaps: readonly SwapRow[], query: Query): Promise<ReadonlySet<string>> {
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

async function versionOf(key: Buffer, query: Query): Promise<string | null> {
  const rows = await query<{ version: string }>(`SELECT version FROM cronyx_job WHERE name = ${bytes(key)}`);
  return rows[0]?.version ?? null;
}

/** The same in each setting of `standard_conforming_strings`, as {@link text} is. */
function bytes(value: Buffer): string {
  return `decode('${value.toString("hex")}', 'hex')`;
}

/** @param value Without NUL, which would end the message: JSON and versions contain none. */
function text(value: string): string {
  return pg.escapeLiteral(value);
}

/** A statement that PostgreSQL itself refused changed nothing. Any other failure may have lost the answer of one that did. */
function effectOf(failure: unknown): Effect {
  return failure instanceof pg.DatabaseError && failure.severity === "ERROR" ? "none" : "possible";
}

async function migrate(pool: pg.Pool, place: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; ${LIMITS}`);
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

/** By class or code. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const FINAL: readonly (readonly [sqlStates: RegExp, code: DatabaseErrorCode])[] = [
  [/^28/, "database-login-refused"],
  [/^42501$/, "database-forbidden"],
  [/^3D000$/, "database-not-found"],
  [/^42/, "database-unusable"],
  [/^53100$/, "database-full"],
  [/^58030$/, "database-disk-failed"],
];
/** Lost connections, too many of them, a server that stops or has just become a replica, deadlocks, and time-outs. */
const TRANSIENT = /^(08|25006|40|53|55P03|57)/;

/** PgBouncer has this code for most of its errors, passing ones too. */
const POOLER_ERROR = "08P01";

/** Whether PostgreSQL refused a statement for a reason that does not pass by itself. */
function isRefused(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && failure.severity === "ERROR" && !TRANSIENT.test(failure.code ?? "");
}

/** A failure that PostgreSQL did not report itself happened on the way to it. */
function failureOf(cause: unknown, place: string, effect: Effect): ServiceError {
  const about = { place, effect, cause };
  const final = finalFailureOf(cause);
  if (final !== null) return new ServiceError(final.code, { ...about, problem: final.problem });
  if (!(cause instanceof pg.DatabaseError) || TRANSIENT.test(cause.code ?? "")) {
    const problem = `cannot be reached (${wordsOf(cause)})`;
    return new ServiceError("database-unreachable", { ...about, problem, retryAfter: 0 });
  }
  return new ServiceError("database-refused", { ...about, problem: `cannot be used (${cause.message})` });
}

/** @returns a failure that another attempt would meet again; null for any other. */
function finalFailureOf(cause: unknown): { readonly code: DatabaseErrorCode; readonly problem: string } | null {
  const problem = `cannot be used (${wordsOf(cause)})`;
  if (cause instanceof pg.DatabaseError) {
    const state = cause.code ?? "";
    if (state === POOLER_ERROR && /^unsupported startup parameter/.test(cause.message)) {
      return { code: "database-parameter-refused", problem };
    }
    const [, code] = FINAL.find(([sqlStates]) => sqlStates.test(state)) ?? [];
    return code === undefined ? null : { code, problem };
  }
  const tls = tlsFailure(cause);
  if (tls !== null) return { code: "database-tls-failed", problem: tls.problem };
  // The file of a certificate or key that the URL names.
  if ((cause as NodeJS.ErrnoException).syscall === "open") return { code: "database-tls-failed", problem };
  // These errors of the driver have no code.
  if (/^The server does not support SSL/.test(wordsOf(cause))) return { code: "database-tls-failed", problem };
  if (/^SASL: /.test(wordsOf(cause))) return { code: "database-login-refused", problem };
  return null;
}

/** Where Node tried several addresses, its error has a code and no message. */
function wordsOf(cause: unknown): string {
  const { message, code } = cause as { readonly message?: string; readonly code?: string };
  return message || code || String(cause);
}
