import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";

// The table and the statements of src/store/sql/, directly through the drivers.

const KEY = { sqlite: "BLOB", postgres: "bytea" };

/**
 * @typedef {object} Register
 * @property {(key: Buffer) => Promise<unknown>} read
 * @property {(key: Buffer, version: string, state: string, expected: string) => Promise<boolean>} replace
 * @property {(rows: { key: Buffer, version: string, state: string }[]) => Promise<void>} fill Adds all rows in one transaction.
 * @property {() => Promise<unknown>} close
 */

/**
 * @param {string} url As JOB_STORE_URL takes it. @param {string} table Created if it does not exist.
 * @returns {Promise<Register>}
 */
export function openRegister(url, table) {
  return url.startsWith("sqlite:") ? sqlite(url.slice("sqlite:".length), table) : postgres(url, table);
}

/** The longest state document: of a job that has finished twenty runs. @param {string} name */
export function documentOf(name) {
  const at = (/** @type {number} */ hours) => new Date(Date.UTC(2026, 0, 1, hours)).toISOString();
  const history = Array.from({ length: 20 }, (_, age) => ({
    id: randomUUID(),
    intervalStartedAt: at(19 - age),
    intervalEndedAt: at(20 - age),
    outcome: "finished",
    endedAt: at(20 - age),
    runUrl: null,
  }));
  return JSON.stringify({ v: 1, name, finishedUntil: at(20), active: null, history });
}

/** @param {string} file @param {string} table @returns {Promise<Register>} */
async function sqlite(file, table) {
  // The server writes to the same file, and checkpoints it when it is idle.
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec(createTable(table, KEY.sqlite));
  const select = database.prepare(`SELECT version, state FROM ${table} WHERE name = ?`);
  const update = database.prepare(`UPDATE ${table} SET version = ?, state = ? WHERE name = ? AND version = ?`);
  const insert = database.prepare(`INSERT INTO ${table} (name, version, state) VALUES (?, ?, ?)`);
  return {
    read: async (key) => select.get(key),
    replace: async (key, version, state, expected) => update.run(version, state, key, expected).changes === 1,
    async fill(rows) {
      database.exec("BEGIN");
      for (const { key, version, state } of rows) insert.run(key, version, state);
      database.exec("COMMIT");
    },
    close: async () => database.close(),
  };
}

/** @param {string} url @param {string} table @returns {Promise<Register>} */
async function postgres(url, table) {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  await pool.query(createTable(table, KEY.postgres));
  const texts = {
    select: `SELECT name, version, state FROM ${table} WHERE name = ANY($1)`,
    update: `UPDATE ${table} SET version = $2, state = $3 WHERE name = $1 AND version = $4`,
    insert: `INSERT INTO ${table} (name, version, state) SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])`,
  };
  return {
    read: (key) => pool.query({ name: "select", text: texts.select, values: [[key]] }),
    async replace(key, version, state, expected) {
      const values = [key, version, state, expected];
      return (await pool.query({ name: "update", text: texts.update, values })).rowCount === 1;
    },
    async fill(rows) {
      const columns = [rows.map(({ key }) => key), rows.map(({ version }) => version), rows.map(({ state }) => state)];
      await pool.query(texts.insert, columns);
    },
    close: () => pool.end(),
  };
}

/** @param {string} table @param {string} key */
function createTable(table, key) {
  return `CREATE TABLE IF NOT EXISTS ${table} (name ${key} PRIMARY KEY, version text NOT NULL, state text NOT NULL)`;
}
