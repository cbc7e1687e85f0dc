import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type DatabaseErrorCode, type Effect, ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { retrying } from "../../network/retry.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../job-store.ts";
import { stateIn } from "../json-document.ts";
import type { DatabaseOptions } from "./database-options.ts";
import { jobNameOf, keyOf } from "./job-row.ts";
import { migrationsFrom } from "./migrations.ts";
import { checkFiles, SqliteFiles } from "./sqlite-files.ts";
import type { SwapRow } from "./swap-row.ts";
import { TurnBatches } from "./turn-batches.ts";

/** How long SQLite itself waits for another process, in milliseconds. It blocks the event loop meanwhile. */
const BUSY_TIMEOUT = 20;
const LISTED_AT_ONCE = 2_000;
/**
 * The bytes of a page of a new database. A state document of twenty runs has 5 KB, and fits in one page: with SQLite's default
 * of 4096 a start and a finish take 3 to 6% more time. A database that exists keeps its page size.
 */
const PAGE_SIZE = 8_192;
/** How often the store checks its files and, if it is idle, moves the write-ahead log into the database. In milliseconds. */
const WATCH_INTERVAL = 1_000;
/** A database in memory has no files. */
const MEMORY = ":memory:";

interface OpenedDatabase extends Required<Pick<DatabaseOptions, "log" | "onLost">> {
  readonly database: DatabaseSync;
  /** Null for a database in memory. */
  readonly files: SqliteFiles | null;
  /** The database, for messages. */
  readonly place: string;
}

/**
 * The register in one file. A write is on disk before its call returns: WAL with `synchronous=FULL`.
 *
 * @see https://sqlite.org/wal.html
 * @see https://sqlite.org/pragma.html#pragma_synchronous
 */
export class SqliteStore implements JobStore {
  readonly #database: DatabaseSync;
  readonly #files: SqliteFiles | null;
  readonly #place: string;
  readonly #log: (line: string) => void;
  readonly #onLost: OpenedDatabase["onLost"];
  readonly #watch: NodeJS.Timeout;
  #lost: ServiceError | null = null;
  /**
   * Whether the write-ahead log may have transactions that the database file does not have. An earlier process may have left
   * some.
   */
  #isAhead = true;
  #wroteSinceWatch = false;
  /** Whether a read of this turn of the event loop has checked the files. */
  #areReadsChecked = false;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #names: StatementSync;
  readonly #swaps = new TurnBatches((swaps: readonly SwapRow[]) => this.#swapAll(swaps));

  /**
   * @param file Its path, or `:memory:`. The file is made if it does not exist.
   * @param options With `onLost`, called once when a file was moved, removed or replaced: from then on every call fails.
   * @throws ServiceError when the file cannot be opened and written, or is no database of this release.
   */
  static async open(file: string, { log, deadline, onLost = () => {} }: DatabaseOptions): Promise<SqliteStore> {
    const { DatabaseSync } = await import("node:sqlite");
    const place = placeOf(file);
    if (file !== MEMORY) checkFiles(file, place);
    return attempt({ place, deadline, log }, () => {
      const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
      try {
        database.exec(`PRAGMA page_size = ${PAGE_SIZE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
        migrate(database, place);
        const files = file === MEMORY ? null : new SqliteFiles(file);
        return new SqliteStore({ database, files, place, log, onLost });
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  private constructor({ database, files, place, log, onLost }: OpenedDatabase) {
    this.#database = database;
    this.#files = files;
    this.#place = place;
    this.#log = log;
    this.#onLost = onLost;
    this.#select = database.prepare("SELECT version, state FROM cronyx_job WHERE name = ?");
    this.#insert = database.prepare(
      "INSERT INTO cronyx_job (name, version, state) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
    );
    this.#names = database.prepare("SELECT name FROM cronyx_job WHERE name > ? ORDER BY name LIMIT ?");
    this.#update = database.prepare("UPDATE cronyx_job SET version = ?, state = ? WHERE name = ? AND version = ?");
    this.#watch = setInterval(() => this.#watchFiles(), WATCH_INTERVAL).unref();
  }

  async read(names: readonly string[], deadline: Deadline): Promise<Reading> {
    return this.#reading(deadline, () => {
      const records = new Map<string, JobRecord>();
      for (const name of names) {
        const row = this.#select.get(keyOf(name));
        if (row === undefined) continue;
        const state = stateIn(String(row.state), name, this.#place);
        records.set(name, { version: String(row.version), state });
      }
      // A file has no clock of its own.
      return { records, now: null };
    });
  }

  async swap(expected: string | null, state: JobState, deadline: Deadline): Promise<Swap> {
    const swap = { key: keyOf(state.name), version: randomUUID(), document: JSON.stringify(state), expected };
    const made = await attempt({ ...this.#context(deadline), writes: true }, () =>
      this.#swaps.add(swap).catch((error) => {
        // The fault may be in another swap of the batch.
        if (isBusy(error) || hasDiskFailed(error) || error === this.#lost) throw error;
        return this.#swapAll([swap]);
      }),
    );
    return made.has(swap.version) ? { version: swap.version } : { version: null, effect: "none" };
  }

  /**
   * Makes swaps in one transaction, so that they share one wait for the disk. Either all of them are on disk when this
   * returns, or none was made.
   *
   * @returns the versions of the swaps that were made.
   */
  #swapAll(swaps: readonly SwapRow[]): ReadonlySet<string> {
    this.#checkFiles();
    this.#isAhead = true;
    this.#wroteSinceWatch = true;
    return inTransaction(this.#database, () => {
      const made = swaps.filter(({ key, version, document, expected }) => {
        const { changes } =
          expected === null
            ? this.#insert.run(key, version, document)
            : this.#update.run(version, document, key, expected);
        return changes === 1;
      });
      return new Set(made.map(({ version }) => version));
    });
  }

  /** Reads the names in parts: SQLite blocks the event loop while it reads. */
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

  /**
   * The last connection that closes a database moves the write-ahead log into it, and removes the files of that name. After
   * a file was replaced, that would destroy the transactions of another process, so the database is left open.
   */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    if (this.#database.isOpen && !this.#files?.change()?.isReplaced) this.#database.close();
  }

  #reading<T>(deadline: Deadline, read: () => T): Promise<T> {
    return attempt(this.#context(deadline), () => {
      if (!this.#areReadsChecked) this.#checkFilesForReads();
      return read();
    });
  }

  /** One check, which asks the file system for three files, is enough for the requests that arrived together. */
  #checkFilesForReads(): void {
    this.#checkFiles();
    this.#areReadsChecked = true;
    setImmediate(() => {
      this.#areReadsChecked = false;
    });
  }

  #context(deadline: Deadline) {
    return { place: this.#place, deadline, log: this.#log };
  }

  #checkFiles(): void {
    if (this.#lost !== null) throw this.#lost;
    const change = this.#files?.change() ?? null;
    if (change === null) return;
    this.#lost = new ServiceError("database-replaced", {
      place: this.#place,
      problem: `can no longer be used: ${change.name} was ${change.isReplaced ? "replaced" : "moved or removed"}`,
      effect: "none",
    });
    this.#onLost(this.#lost);
    throw this.#lost;
  }

  #watchFiles(): void {
    try {
      this.#checkFiles();
      if (this.#isAhead && !this.#wroteSinceWatch) this.#checkpoint();
    } catch (error) {
      // The next write tries again.
      this.#isAhead = false;
      if (error !== this.#lost) this.#log((failureOf(error, this.#place, "none") as Error).message);
    }
    this.#wroteSinceWatch = false;
  }

  /** Moves the write-ahead log into the database file, which then has all transactions by itself. */
  #checkpoint(): void {
    const { busy } = this.#database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {};
    this.#isAhead = busy !== 0;
  }
}

function placeOf(file: string): string {
  return file === MEMORY ? "the database in memory" : `the database ${file}`;
}

/** Writes even if the schema is up to date: only a write shows whether this process may write. */
function migrate(database: DatabaseSync, place: string): void {
  inTransaction(database, () => {
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    let reached = version;
    for (const { sql, makes } of migrationsFrom(version, { bytes: "BLOB" }, place)) {
      database.exec(sql);
      reached = makes;
    }
    database.exec(`PRAGMA user_version = ${reached}`);
  });
}

/** `IMMEDIATE` takes SQLite's one write lock before anything is read. */
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

/** Primary result codes: the lowest byte of an extended one. @see https://sqlite.org/rescode.html */
const BUSY = new Set([5, 6]);
const DISK_FAILED = 10;
const CODES: Readonly<Record<number, DatabaseErrorCode>> = {
  8: "database-forbidden",
  [DISK_FAILED]: "database-disk-failed",
  11: "database-damaged",
  13: "database-full",
  14: "database-cannot-open",
  26: "database-unusable",
};
/** SQLite's extended code for a full disk at the moment when it makes the `-shm` file longer. */
const SHM_FULL = 4874;

interface Attempt {
  readonly place: string;
  readonly deadline: Deadline;
  readonly log: (line: string) => void;
  readonly writes?: boolean;
}

/**
 * A write that failed has changed nothing, since SQLite rolls it back. After a failure of the disk that is not certain: the
 * write-ahead log may have the whole transaction, and the process that opens the database after a crash would carry it out.
 */
async function attempt<T>({ place, deadline, log, writes = false }: Attempt, work: () => T | Promise<T>): Promise<T> {
  const { result } = await retrying(deadline, log, async () => {
    try {
      return await work();
    } catch (cause) {
      throw failureOf(cause, place, writes && hasDiskFailed(cause) ? "possible" : "none");
    }
  });
  return result;
}

function isBusy(error: unknown): boolean {
  return BUSY.has(primaryCode(error));
}

function hasDiskFailed(error: unknown): boolean {
  return primaryCode(error) === DISK_FAILED && (error as { readonly errcode?: number }).errcode !== SHM_FULL;
}

function primaryCode(error: unknown): number {
  return ((error as { readonly errcode?: number }).errcode ?? 0) & 0xff;
}

function failureOf(cause: unknown, place: string, effect: Effect): unknown {
  const { errcode, message } = cause as { readonly errcode?: number; readonly message?: string };
  if (errcode === undefined) return cause;
  const about = { place, effect, cause };
  if (isBusy(cause)) {
    return new ServiceError("database-busy", { ...about, problem: "is locked by another process", retryAfter: 0 });
  }
  const known = errcode === SHM_FULL ? "database-full" : CODES[primaryCode(cause)];
  return new ServiceError(known ?? "database-refused", { ...about, problem: `cannot be used (${message})` });
}
