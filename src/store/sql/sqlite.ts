import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Deadline } from "../../network/deadline.ts";
import { PassingFault, retrying } from "../../network/retry.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { type JobRecord, type JobStore, StoreError, type StoreErrorCode, type Swap } from "../job-store.ts";
import { jobNameOf, keyOf, stateIn } from "./document.ts";
import { migrationsFrom } from "./migrations.ts";
import type { SwapRow } from "./swap-row.ts";
import { TurnBatches } from "./turn-batches.ts";

/** How long SQLite itself waits for another process, in milliseconds: the whole process waits with it. */
const BUSY_TIMEOUT = 20;
const LISTED_AT_ONCE = 2_000;

/**
 * The register in one file. What was written is on disk before a call returns: WAL with `synchronous=FULL`.
 *
 * @see https://sqlite.org/wal.html
 * @see https://sqlite.org/pragma.html#pragma_synchronous
 */
export class SqliteStore implements JobStore {
  readonly #database: DatabaseSync;
  readonly #file: string;
  /** Which file it was that was opened. */
  readonly #opened: string;
  readonly #place: string;
  readonly #log: (line: string) => void;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #names: StatementSync;
  readonly #swaps = new TurnBatches((swaps: readonly SwapRow[]) => this.#swapAll(swaps));

  /**
   * @param file Its path; it is made if it isn't there.
   * @throws StoreError when it can't be opened, or isn't a database of this release.
   */
  static async open(file: string, log: (line: string) => void, deadline: Deadline): Promise<SqliteStore> {
    const { DatabaseSync } = await import("node:sqlite");
    const place = placeOf(file);
    return attempt(place, deadline, log, () => {
      const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
      try {
        database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        migrate(database, place);
        return new SqliteStore(database, file, log);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  private constructor(database: DatabaseSync, file: string, log: (line: string) => void) {
    this.#database = database;
    this.#file = file;
    this.#opened = identityOf(file);
    this.#place = placeOf(file);
    this.#log = log;
    this.#select = database.prepare("SELECT version, state FROM cronyx_job WHERE name = ?");
    this.#insert = database.prepare(
      "INSERT INTO cronyx_job (name, version, state) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
    );
    this.#names = database.prepare("SELECT name FROM cronyx_job WHERE name > ? ORDER BY name LIMIT ?");
    this.#update = database.prepare("UPDATE cronyx_job SET version = ?, state = ? WHERE name = ? AND version = ?");
  }

  async read(names: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, JobRecord>> {
    return this.#reading(deadline, () => {
      const records = new Map<string, JobRecord>();
      for (const name of names) {
        const row = this.#select.get(keyOf(name));
        if (row === undefined) continue;
        const state = stateIn(String(row.state), name, this.#place);
        records.set(name, { version: String(row.version), state });
      }
      return records;
    });
  }

  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const swap = { key: keyOf(state.name), version: randomUUID(), document: JSON.stringify(state), expected };
    const taken = await attempt(this.#place, deadline, this.#log, () => this.#swaps.add(swap));
    return taken.has(swap.version) ? { version: swap.version } : { version: null, unsettled: false };
  }

  /**
   * In one transaction: swaps at once share the one wait for the disk. None is answered before all of them are on it; where
   * one fails, none has happened.
   *
   * @returns the versions that stand there now.
   */
  #swapAll(swaps: readonly SwapRow[]): ReadonlySet<string> {
    this.#checkFile();
    return inTransaction(this.#database, () => {
      const taken = swaps.filter(({ key, version, document, expected }) => {
        const { changes } =
          expected === null
            ? this.#insert.run(key, version, document)
            : this.#update.run(version, document, key, expected);
        return changes === 1;
      });
      return new Set(taken.map(({ version }) => version));
    });
  }

  /** Some at a time: the whole process waits while SQLite reads. */
  async list(deadline: Deadline): Promise<readonly string[]> {
    const names: string[] = [];
    for (let after: Uint8Array = Buffer.alloc(0); ; ) {
      const rows = await this.#reading(deadline, () => this.#names.all(after, LISTED_AT_ONCE));
      const keys = rows.map(({ name }) => name as Uint8Array);
      for (const key of keys) names.push(jobNameOf(key));
      if (keys.length < LISTED_AT_ONCE) return names.sort();
      after = keys.at(-1) ?? after;
      await nextTurn();
    }
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #reading<T>(deadline: Deadline, read: () => T): Promise<T> {
    return attempt(this.#place, deadline, this.#log, () => {
      this.#checkFile();
      return read();
    });
  }

  /** SQLite goes on with a file that was removed or replaced, while others open the one that has its name now. */
  #checkFile(): void {
    if (identityOf(this.#file) === this.#opened) return;
    throw new StoreError(
      "unusable",
      `${this.#place} isn't the file that was opened any more: it was moved, removed or replaced, so start the server again`,
    );
  }
}

function placeOf(file: string): string {
  return `the database ${file}`;
}

function identityOf(file: string): string {
  const { dev, ino } = statSync(file, { bigint: true, throwIfNoEntry: false }) ?? {};
  return `${dev} ${ino}`;
}

function migrate(database: DatabaseSync, place: string): void {
  inTransaction(database, () => {
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    for (const { sql, makes } of migrationsFrom(version, { bytes: "BLOB" }, place)) {
      database.exec(`${sql}; PRAGMA user_version = ${makes}`);
    }
  });
}

/** `IMMEDIATE` takes the one lock that writers share before anything is read. */
function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Result codes, by the lowest byte of an extended one. @see https://sqlite.org/rescode.html */
const BUSY = new Set([5, 6]);
const CODES: Readonly<Record<number, readonly [code: StoreErrorCode, remedy: string]>> = {
  8: ["forbidden", "let the server write to it and its folder"],
  11: ["unusable", "restore it from a backup"],
  13: ["refused", "make room on its disk"],
  14: ["not-found", "check JOB_STORE_URL, and that the folder is there and may be written to"],
  26: ["unusable", "check that JOB_STORE_URL names a database of SQLite"],
};

/** A call that failed has changed nothing: SQLite undoes it. */
function attempt<T>(
  place: string,
  deadline: Deadline,
  log: (line: string) => void,
  work: () => T | Promise<T>,
): Promise<T> {
  return retrying(deadline, log, async () => {
    try {
      return await work();
    } catch (cause) {
      const { errcode, message } = cause as { readonly errcode?: number; readonly message?: string };
      if (errcode === undefined) throw cause;
      const result = errcode & 0xff;
      if (BUSY.has(result)) throw new PassingFault(`${place} is in use by others`, { cause });
      const [code, remedy] = CODES[result] ?? ["refused", "check its disk"];
      throw new StoreError(code, `${place} can't be used (${message}): ${remedy}`, { cause });
    }
  }).catch((cause) => {
    if (!(cause instanceof PassingFault)) throw cause;
    throw new StoreError("unreachable", `${cause.message}, and stayed so: end what holds it`, { cause });
  });
}
