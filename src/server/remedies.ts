import { COMMON_REMEDIES, messageWithRemedy, type Wording } from "../errors/remedies.ts";
import type { DatabaseErrorCode } from "../errors/service-error.ts";

const NAMES: Readonly<Record<string, string>> = { lockId: "Idempotency-Key" };

/** @returns the name that a server's callers know an argument by. */
export function serverFieldName(field: string): string {
  return NAMES[field] ?? field;
}

/** Errors in the terms of a server: the fields of a request, and the settings of the process. */
const WORDING: Wording<DatabaseErrorCode> = {
  verb: "use",
  nameOf: serverFieldName,
  remedies: {
    ...COMMON_REMEDIES,
    "chosen-interval-with-lock": "set noLock to true, or leave this field out",

    "document-damaged": "nothing was changed; repair or remove its row in the table cronyx_job",
    "database-unreachable": "check JOB_STORE_URL and that database",
    "database-login-refused": "check the user and password in JOB_STORE_URL",
    "database-forbidden":
      "let the server's user create and write tables there; for SQLite, let it write the file and its folder",
    "database-not-found": "create it, or check JOB_STORE_URL; for SQLite, the folder must exist",
    "database-not-a-file": "name a file in JOB_STORE_URL",
    "database-mounted-alone": "mount its folder instead of the file, since SQLite keeps two more files beside it",
    "database-cannot-open": "let the server's user write the file and its folder, or check JOB_STORE_URL",
    "database-unusable": "check that JOB_STORE_URL names a database of its own for the locks",
    "database-encoding":
      "create another one with CREATE DATABASE cronyx ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0, and name it in JOB_STORE_URL",
    "database-parameter-refused":
      "remove that parameter from JOB_STORE_URL or the environment, or add it to ignore_startup_parameters of the pooler",
    "database-tls-failed": "check sslmode and sslrootcert in JOB_STORE_URL, and the certificate of that server",
    "database-damaged": "restore it from a backup",
    "database-too-new": "use a newer release",
    "database-replaced":
      "stop every other server on it, and start the server again; docs/server.md says how its files belong together",
    "database-full": "make room on its disk",
    "database-disk-failed": "check its disk, and the quota of the server's user",
    "database-busy": "end the process that holds it",
    "database-refused": "see the database's log",
  },
};

/** @returns the problem and the remedy, in the terms of a server. */
export function serverMessage(error: unknown): string {
  return messageWithRemedy(error, WORDING);
}
