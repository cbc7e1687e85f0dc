import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../network/free-port.ts";
import { untilLogged } from "./until-logged.ts";

const USUAL_PLACES = [
  "/usr/sbin/pgbouncer",
  "/usr/bin/pgbouncer",
  "/usr/local/bin/pgbouncer",
  "/opt/homebrew/bin/pgbouncer",
];
/** PgBouncer refuses to run as root. */
const NOBODY = 65534;

/** @returns the path of PgBouncer: PGBOUNCER_PATH, or the first one found; null if there is none. */
export function findPgbouncer(env: Readonly<Record<string, string | undefined>>): string | null {
  return env.PGBOUNCER_PATH || (USUAL_PLACES.find((file) => existsSync(file)) ?? null);
}

/**
 * Starts PgBouncer in transaction mode, with its default settings otherwise, in front of a PostgreSQL.
 *
 * @param connections The connections to PostgreSQL that all clients share.
 */
export async function startPgbouncer(program: string, database: string, connections: number) {
  const { hostname, port, pathname } = new URL(database);
  const folder = mkdtempSync(path.join(tmpdir(), "cronyx-pgbouncer-"));
  const settings = path.join(folder, "pgbouncer.ini");
  const listenPort = await freePort();
  const [, minor = 0] =
    /(\d+)\.(\d+)/
      .exec(execFileSync(program, ["--version"], { encoding: "utf8" }))
      ?.slice(1)
      .map(Number) ?? [];
  // From 1.21 on PgBouncer can track named statements. Without this setting the tests would show less there.
  const tracksNone = minor >= 21 ? "max_prepared_statements = 0" : "";
  writeFileSync(
    settings,
    `[databases]
${pathname.slice(1)} = user=cronyx host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${connections}
${tracksNone}
`,
  );
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const file of [folder, settings]) chownSync(file, NOBODY, NOBODY);
  const child = spawn(program, [settings], {
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const { exit } = await untilLogged(child, "process up", "PgBouncer");
  return {
    url: `postgres://cronyx@127.0.0.1:${listenPort}${pathname}`,
    async stop() {
      child.kill("SIGKILL");
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
