import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { type DatabaseErrorCode, ServiceError } from "../../errors/service-error.ts";

/** Beside the database, SQLite keeps its newest transactions in `-wal`, and the locks of all connections in `-shm`. */
const SUFFIXES = ["-wal", "-shm"] as const;

/**
 * The files of an open database. SQLite goes on using files that were removed or replaced, while another process opens the
 * files that have their names now. The two processes would then see neither the locks nor the transactions of each other.
 */
export class SqliteFiles {
  readonly #opened: ReadonlyMap<string, string>;

  /** @param file A database that is open, and was written since. */
  constructor(file: string) {
    // SQLite follows symbolic links before it appends a suffix.
    const real = realpathSync(file);
    this.#opened = new Map([file, ...SUFFIXES.map((suffix) => real + suffix)].map((name) => [name, identityOf(name)]));
  }

  /** @returns the first file that is no longer the one that was opened; null if all of them are. */
  change(): { readonly name: string; readonly isReplaced: boolean } | null {
    for (const [name, opened] of this.#opened) {
      const present = identityOf(name);
      if (present !== opened) return { name, isReplaced: present !== MISSING };
    }
    return null;
  }
}

const MISSING = "missing";

function identityOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? MISSING : `${stats.dev} ${stats.ino}`;
}

/**
 * Without this check SQLite would open a file that it cannot write for reading only, and report no error.
 *
 * @throws ServiceError when this user cannot write a database's files or their folder, or when the file is mounted alone.
 */
export function checkFiles(file: string, place: string): void {
  const real = realPathOf(file);
  const folder = path.dirname(real);
  const found = statSync(folder, { throwIfNoEntry: false });
  const refuse = (code: DatabaseErrorCode, problem: string, cause?: unknown) =>
    new ServiceError(code, { place, problem, effect: "none", cause });
  if (!found?.isDirectory()) throw refuse("database-not-found", `is in the folder ${folder}, which does not exist`);
  const stats = statSync(real, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) throw refuse("database-not-a-file", "is not a file");
  const { R_OK, W_OK, X_OK } = constants;
  const names = [real, ...SUFFIXES.map((suffix) => real + suffix)];
  for (const [name, mode] of [[folder, W_OK | X_OK] as const, ...names.map((name) => [name, R_OK | W_OK] as const)]) {
    try {
      accessSync(name, mode);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOENT") continue;
      throw refuse(
        "database-forbidden",
        `cannot be used: the user ${userName()} cannot write ${name} (${code})`,
        cause,
      );
    }
  }
  if (stats !== undefined && stats.dev !== found.dev) {
    throw refuse("database-mounted-alone", `is on another file system than its folder ${folder}`);
  }
}

function realPathOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // The file does not exist yet.
    return file;
  }
}

/** A container's user may have no name. */
function userName(): string {
  try {
    const { username, uid } = userInfo();
    return uid < 0 ? username : `${username} (${uid})`;
  } catch {
    return String(process.getuid?.());
  }
}
