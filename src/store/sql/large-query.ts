import pg from "pg";

/**
 * Runs statements of which the text is large, since it has all documents of a batch.
 *
 * pg keeps the text of a query until its answer. Many of these texts would outlive two collections of V8's new space, and V8
 * would move them to the old space: to collect them there took a tenth of the server's processor time. So this query drops
 * its text when it is sent. This function is not async, since an async function keeps its arguments until it ends.
 *
 * @param longest The longest wait for the answer, in milliseconds.
 * @returns the rows of the last statement.
 */
export function runLargeQuery<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  longest: number,
): Promise<readonly Row[]> {
  const query = Object.assign(new pg.Query(text), { text, query_timeout: longest });
  const { submit } = query;
  query.submit = (connection) => {
    const error = submit.call(query, connection);
    query.text = "";
    return error;
  };
  // The types have no promise for a query that is made before, and one result for all statements of a message.
  const results = pool.query(query) as unknown as Promise<readonly pg.QueryResult<Row>[]>;
  return results.then((all) => all.at(-1)?.rows ?? []);
}
