import pg from "pg";

export interface Statement {
  readonly text: string;
  /** The parameters: `$1` is the first one. A buffer is in PostgreSQL's binary form. */
  readonly values: readonly (string | Buffer)[];
}

/** The longest that a statement may take, in milliseconds: PostgreSQL cancels it then. */
export const LONGEST_STATEMENT = 5_000;
/** The longest that a statement waits for a row lock, in milliseconds: the rest of its batch waits no longer either. */
const LONGEST_WAIT = 1_000;

/**
 * Limits the time of the statements after it in its transaction. It is no `SET LOCAL`: outside of a transaction block PostgreSQL
 * would log a warning for each of them. It gives a row without columns.
 */
export const LIMITS = `SELECT WHERE set_config('statement_timeout', '${LONGEST_STATEMENT}', true) IS NOT NULL
  AND set_config('lock_timeout', '${LONGEST_WAIT}', true) IS NOT NULL`;

/** The parts of pg that its types leave out. */
interface ExtendedQuery {
  values: readonly unknown[];
  query_timeout: number;
  prepare(connection: ExtendedConnection): void;
}

interface ExtendedConnection {
  parse(statement: { readonly text: string }): void;
  bind(): void;
  execute(): void;
}

/**
 * Runs a statement in a transaction of its own, with limits for its time.
 *
 * The limits and the statement are sent together, and PostgreSQL ends a transaction only at the `Sync` after both. A pooler
 * such as PgBouncer may give each transaction another connection, so no setting and no prepared statement of a connection
 * may outlive a transaction. Parameters keep the documents out of the text, which PostgreSQL would have to parse.
 *
 * @param longest The longest wait for the answer, in milliseconds.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
export function runLimited<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  { text, values }: Statement,
  longest: number,
): Promise<readonly Row[]> {
  const query = new pg.Query({ text, queryMode: "extended" } as pg.QueryConfig);
  const extended = query as unknown as ExtendedQuery;
  extended.values = values;
  extended.query_timeout = longest;
  const { prepare } = extended;
  extended.prepare = (connection) => {
    connection.parse({ text: LIMITS });
    connection.bind();
    connection.execute();
    prepare.call(query, connection);
    // pg keeps a query until its answer. Without the documents of all queries in flight V8 collects its whole heap less often:
    // 26 times instead of 38 in a measurement, which is 1 to 9% of the server's processor time.
    extended.values = [];
  };
  // pg's types know neither that `query` returns a promise for a query object, nor that the result is a list.
  const results = pool.query(query) as unknown as Promise<readonly pg.QueryResult<Row>[]>;
  return results.then((all) => all.at(-1)?.rows ?? []);
}
