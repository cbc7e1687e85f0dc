import { randomUUID } from "node:crypto";
import { Socket } from "node:net";
import pg from "pg";
import { type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { retrying } from "../../network/retry.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../job-store.ts";
import { stateIn } from "../json-document.ts";
import type { DatabaseOptions } from "./database-options.ts";
import { jobNameOf, keyOf } from "./job-row.ts";
import { LIMITS, LONGEST_STATEMENT, runLimited, type Statement } from "./limited-query.ts";
import { effectOf, isRefused, postgresFailure } from "./postgres-failures.ts";
import { migrate } from "./postgres-schema.ts";
import { insertAll, type Query, readAll, updateAll, versionOf } from "./postgres-statements.ts";
import type { SwapRow } from "./swap-row.ts";
import { TurnBatches } from "./turn-batches.ts";

const CONNECTIONS = 8;
/** The longest wait for a statement's answer, in milliseconds: a second more, for the network. */
const LONGEST_ANSWER = LONGEST_STATEMENT + 1_000;

/** The register in PostgreSQL. Any number of servers may share one database. */
export class PostgresStore implements JobStore {
  readonly #pool: pg.Pool;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #place: string;
  readonly #log: (line: string) => void;
  readonly #reads = new TurnBatches((requested: readonly (readonly string[])[]) =>
    readAll(requested, this.#query(LONGEST_ANSWER)),
  );
  readonly #inserts = new TurnBatches((rows: readonly SwapRow[]) => insertAll(rows, this.#query(LONGEST_ANSWER)));
  readonly #updates = new TurnBatches((rows: readonly SwapRow[]) => updateAll(rows, this.#query(LONGEST_ANSWER)));

  /**
   * @param url `postgres://USER:PASSWORD@HOST/DATABASE`.
   * @throws ServiceError when the database cannot be reached, or has no schema of this release.
   */
  static async open(url: URL, { log, deadline }: DatabaseOptions): Promise<PostgresStore> {
    const place = `the database ${url.host}${url.pathname}`;
    const sockets = new Set<Socket>();
    const pool = new pg.Pool({
      connectionString: url.href,
      application_name: "cronyx",
      max: CONNECTIONS,
      connectionTimeoutMillis: LONGEST_STATEMENT,
      query_timeout: LONGEST_ANSWER,
      keepAlive: true,
      stream: () => {
        const socket = new Socket();
        sockets.add(socket);
        return socket.once("close", () => sockets.delete(socket));
      },
    });
    // Without a listener, the error of a broken connection ends the process. The pool has no listener of its own between the
    // moment in which a connection is ready and that in which `migrate` gets it, and the error can be in the same packet.
    pool.on("connect", (client) => client.on("error", () => {}));
    // An idle connection broke. The pool makes a new one when it needs it.
    pool.on("error", (error) => log(`An idle connection to ${place} broke: ${error.message}`));
    const store = new PostgresStore({ pool, sockets, place, log });
    try {
      await store.#reading(deadline, () => migrate(pool, place, LIMITS));
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  private constructor({
    pool,
    sockets,
    place,
    log,
  }: {
    readonly pool: pg.Pool;
    readonly sockets: ReadonlySet<Socket>;
    readonly place: string;
    readonly log: (line: string) => void;
  }) {
    this.#pool = pool;
    this.#sockets = sockets;
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
        // If this attempt made no swap, an earlier one whose answer was lost may have made it. The version in the row shows that.
        return made.has(row.version) || (!inBatch && (await versionOf(row.key, query)) === row.version);
      },
      effectOf,
    );
    return result ? { version: row.version } : { version: null, effect: earlierEffect };
  }

  async list(deadline: Deadline): Promise<readonly string[]> {
    const rows = await this.#reading(deadline, (query) =>
      query<{ name: Buffer }>({ text: "SELECT name FROM cronyx_job", values: [] }),
    );
    return rows.map(({ name }) => jobNameOf(name)).sort();
  }

  async close(): Promise<void> {
    await this.#pool.end();
    // A network that is gone would leave a connection half-closed, and keep the process alive.
    for (const socket of this.#sockets) socket.unref();
  }

  #query(longest: number): Query {
    return <Row extends pg.QueryResultRow>(statement: Statement) => runLimited<Row>(this.#pool, statement, longest);
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
      if (left === 0) throw postgresFailure(new Error("no time was left to ask it"), this.#place, "none");
      const query = this.#query(Math.min(left, LONGEST_ANSWER));
      try {
        return await work(query, inBatch).catch((cause) => {
          if (mayRepeat && isRefused(cause)) return work(query, false);
          throw cause;
        });
      } catch (cause) {
        throw cause instanceof ServiceError ? cause : postgresFailure(cause, this.#place, effectOf(cause));
      }
    });
  }
}
