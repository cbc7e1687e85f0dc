import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Deadline } from "../../network/deadline.ts";
import { PassingFault, retrying } from "../../network/retry.ts";
import type { JobState } from "../../scheduler/job-state.ts";
import { type JobRecord, type JobStore, StoreError, type StoreErrorCode, type Swap } from "../job-store.ts";
import { jobNameOf, keyOf, stateIn } from "./document.ts";
import { migrationsFrom } from "./migrations.ts";

const CONNECTIONS = 8;
/** What a statement may take, in milliseconds: the server ends it then. */
const LONGEST_STATEMENT = 5_000;
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
    const { rows } = await this.#attempt(deadline, (query) =>
      query<{ name: Buffer; version: string; state: string }>({
        name: "read",
        text: "SELECT name, version, state FROM cronyx_job WHERE name = ANY($1)",
        values: [names.map(keyOf)],
      }),
    );
    return new Map(
      rows.map(({ name: key, version, state }) => {
        const name = jobNameOf(key);
        return [name, { version, state: stateIn(state, name, this.#place) }];
      }),
    );
  }

  /** The version is chosen here: where an answer was lost, it tells whether this swap was taken. */
  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const version = randomUUID();
    const key = keyOf(state.name);
    const document = JSON.stringify(state);
    const statement =
      expected === null
        ? {
            name: "insert",
            text: "INSERT INTO cronyx_job (name, version, state) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            values: [key, version, document],
          }
        : {
            name: "update",
            text: "UPDATE cronyx_job SET version = $2, state = $3 WHERE name = $1 AND version = $4",
            values: [key, version, document, expected],
          };
    // Whether a try of this very swap may have been carried out.
    let unsettled = false;
    try {
      return await this.#attempt(deadline, async (query) => {
        const { rowCount } = await query(statement).catch((error) => {
          unsettled ||= !isUndone(error);
          throw error;
        });
        if (rowCount === 1 || (unsettled && (await versionOf(key, query)) === version)) return { version };
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

  /** Nothing is begun after the deadline, and no answer is waited for beyond it: whoever asked has gone then. */
  async #attempt<T>(deadline: Deadline, work: (query: Query) => Promise<T>): Promise<T> {
    const query: Query = async (statement) => {
      const left = Math.ceil(deadline.remaining());
      if (left === 0) throw new PassingFault(`${this.#place} wasn't asked, for want of time`, { unsettled: false });
      return this.#pool.query({ ...statement, query_timeout: Math.min(left, LONGEST_ANSWER) } as pg.QueryConfig);
    };
    try {
      return await retrying(deadline, this.#log, async () => {
        try {
          return await work(query);
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
