import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { loadConfiguration } from "../../src/server/configuration.ts";
import { findInstalledPostgres } from "../../testing/databases/installed-postgres.ts";
import { startPostgres } from "../../testing/databases/postgres-server.ts";
import { codeBlocks, ROOT } from "../../testing/documents/code-blocks.ts";
import { type ReadersServer, ReadersServers } from "../../testing/documents/readers-server.ts";
import { ReadersShell } from "../../testing/documents/readers-shell.ts";
import { findProgram } from "../../testing/processes/find-program.ts";

const FILE = "docs/server.md";
const PAGE = readFileSync(path.join(ROOT, FILE), "utf8");
const BLOCKS = codeBlocks(FILE);
const blocksIn = (language: string) => BLOCKS.filter((block) => block.language === language);
/** A command may go on in an indented line. */
const COMMANDS = blocksIn("sh").flatMap(({ text }) => text.trimEnd().split(/\n(?! )/));

/** How the commands begin that this test runs. */
const RUN = {
  serve: "npm run serve",
  backup: 'sqlite3 /data/cronyx.db "VACUUM INTO',
  backupInContainer: "docker exec CONTAINER ",
  dump: "pg_dump ",
  restore: "pg_restore ",
  dumpInContainer: "docker compose exec -T database pg_dump ",
  restoreInContainer: "docker compose exec -T database pg_restore ",
  move: "sqlite3 -csv /data/cronyx.db ",
  removeInSqlite: 'sqlite3 /data/cronyx.db "DELETE',
  removeInPostgres: 'psql postgres://USER@HOST/cronyx -c "DELETE',
};
/** The commands that this test does not run, each with the function of .ci/run that does, or that checks the same. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "git clone https://github.com/OWNER/cronyx-action && cd cronyx-action": "demo",
  "npm ci": "install_and_test",
  // No container engine is needed there: the lines of the Dockerfile are carried out in a folder.
  "docker build --tag cronyx .": "image_files",
  "docker run --init --publish 127.0.0.1:3000:3000 --volume cronyx:/data --env-file .env cronyx": "image_files",
  "docker compose up --build --detach --wait": "container_files",
};

const command = (start: string) => COMMANDS.find((one) => one.startsWith(start)) ?? "";

/** The only match of a pattern in the page. */
function inPage(pattern: RegExp): string {
  const [[, found = ""] = [], ...others] = [...PAGE.matchAll(pattern)];
  expect(others).toEqual([]);
  return found;
}

test("each block is a list of commands, the rules for OIDC, or the alerts", () => {
  expect(BLOCKS.map(({ language }) => language).filter((language) => language !== "sh")).toEqual(["json", "yaml"]);
});

test("each command is run by this test, or listed as not run", () => {
  const known = [...Object.values(RUN), ...Object.keys(NOT_RUN)];
  const found = COMMANDS.map((one) => known.find((start) => one.startsWith(start)) ?? one);
  expect(found.toSorted()).toEqual(known.toSorted());
});

test("the steps that check the commands that are not run are in .ci/run", () => {
  const steps = readFileSync(path.join(ROOT, ".ci/run"), "utf8").match(/(?<=^ {2}step ".*" )\w+$/gm);
  expect(steps).toEqual(expect.arrayContaining(Object.values(NOT_RUN)));
});

describe("the rules for OIDC", () => {
  const [{ text: rules } = { text: "" }] = blocksIn("json");
  const load = (json: string) => loadConfiguration([], { OIDC_AUDIENCE: "cronyx", OIDC_RULES: json }, () => "");

  test("are accepted, as OIDC_RULES and as OIDC_RULES_FILE", async () => {
    expect((await load(rules))?.oidc?.rules).toHaveLength(JSON.parse(rules).length);
    const env = { OIDC_AUDIENCE: "cronyx", OIDC_RULES_FILE: "rules.json" };
    const fromFile = await loadConfiguration([], env, () => rules);
    expect(fromFile?.oidc?.rules).toHaveLength(JSON.parse(rules).length);
  });

  test.each([
    ["has no jobs", { jobs: undefined }],
    ["has no claims", { claims: undefined }],
    ["has a field that is not known", { repository: "octo-org/reports" }],
    ["has claims that repositories of any owner meet", { claims: { repository: "*/reports" } }],
    ["skips by a word", { skip: "yes" }],
  ])("are refused if one of them %s", async (_, change) => {
    const parsed = JSON.parse(rules);
    for (const at of parsed.keys()) {
      const changed = parsed.with(at, { ...parsed[at], ...change });
      await expect(load(JSON.stringify(changed))).rejects.toMatchObject({ field: expect.any(String) });
    }
  });
});

const sqlite3 = findProgram(["sqlite3"], process.env);
const postgresPrograms = findInstalledPostgres(process.env);
const advice = [
  ...(sqlite3 === null ? ["sqlite3 is missing: install it (apt-get install sqlite3)"] : []),
  ...(postgresPrograms === null
    ? [
        "PostgreSQL is missing: install it (apt-get install postgresql), or name the folder of its programs in POSTGRES_BIN",
      ]
    : []),
];
if (process.env.CI && process.platform === "linux") {
  test("the programs that the commands call are installed", () => expect(advice).toEqual([]));
} else if (advice.length > 0) {
  console.warn(`${advice.join("\n")}\nThe tests of the commands in ${FILE} that call it are skipped.`);
}

/** Windows has no process groups, in which a terminal's Ctrl+C reaches npm and its child. */
const onPosix = process.platform === "win32" ? describe.skip : describe;
const withSqlite = sqlite3 === null ? describe.skip : describe;
const withDatabases = sqlite3 === null || postgresPrograms === null ? describe.skip : describe;

/** Each job, and how its run ends. */
const JOBS = [
  ["hourly-report", "finish"],
  ["daily-orders", "interrupt"],
  ['octo-org/"Übersicht",\\ \n', null],
] as const;

const namesOf = (jobs: unknown) => (jobs as { readonly name: string }[]).map(({ name }) => name).toSorted();

/** What `npm run serve` does, without npm, which takes as long to start as the server. */
const SERVE_AGAIN = "exec node_modules/node/bin/node src/cli/main.ts serve";

/** The tests follow each other, as the commands of the page do. Each begins with a server that has jobs. */
onPosix("a server", () => {
  let shell: ReadersShell;
  let servers: ReadersServers;
  let server: ReadersServer;
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    shell = new ReadersShell();
    servers = new ReadersServers(shell);
    for (const name of ["data", "backups"]) mkdirSync(path.join(shell.folder, name));
    await Promise.all([serveJobs(), postgresPrograms === null || createDatabase(postgresPrograms)]);
    // No container engine is needed: this program runs a container's command on this machine. The server's container has the
    // Node of the package "node", and programs in the database's container find the database.
    const { port } = new URL(postgres?.url("cronyx") ?? "postgres://127.0.0.1");
    shell.program(
      "bin/docker",
      `case "$*" in
"exec CONTAINER "*) shift 2; PATH='${ROOT}/node_modules/node/bin':$PATH exec "$@" ;;
"compose exec -T database "*) shift 4; PGHOST=127.0.0.1 PGPORT=${port} exec "$@" ;;
*) exit 1 ;;
esac`,
    );
  });
  afterAll(async () => {
    servers.killAll();
    await postgres?.stop();
    shell.close();
  });

  async function serveJobs(): Promise<void> {
    server = await serve(sqlite(), command(RUN.serve));
    for (const [name, end] of JOBS) await run(name, end);
  }

  async function createDatabase(programs: string): Promise<void> {
    postgres = await startPostgres({ programs });
    await postgres.query(inPage(/`(CREATE DATABASE .*?)`/g));
  }

  const sqlite = () => `sqlite:${shell.folder}/data/cronyx.db`;
  const metricsJobs = inPage(/`METRICS_JOBS: (.*?)`/g);
  const serve = (store: string, script = SERVE_AGAIN) =>
    servers.start(script, { SERVER_PORT: "0", JOB_STORE_URL: store, METRICS_JOBS: metricsJobs });

  /** Runs a command of the page with the folder of this test in place of the root. */
  const bash = (script: string) =>
    shell.bash(script.replaceAll(/\/(?=data\/|backups\/)/g, `${shell.folder}/`), { options: "-ec", env: {} });

  /** Starts a job, and ends it. */
  async function run(name: string, end: string | null): Promise<void> {
    const url = `${server.url}/${encodeURIComponent(name)}`;
    const headers = {
      "content-type": "application/json",
      "cronyx-holder": encodeURIComponent(JSON.stringify({ job: `"${name}"` })),
    };
    const started = await fetch(url, { method: "POST", headers, body: '{"jobInterval": "0 * * * *"}' });
    const { id } = (await started.json()) as { readonly id: string };
    if (end !== null) expect((await fetch(`${url}/${id}/${end}`, { method: "PUT" })).status).toBe(200);
  }

  async function jobs(): Promise<unknown> {
    const answer = await fetch(server.url, { headers: { accept: "application/json" } });
    const { jobs, damaged } = (await answer.json()) as { readonly jobs: unknown; readonly damaged?: unknown };
    expect(damaged).toBeUndefined();
    return jobs;
  }

  /** Removes a job, and runs it again for the tests that follow. */
  async function expectRemoval(shell: (script: string) => Promise<unknown>, start: string): Promise<void> {
    const [[removed, end], ...others] = JOBS;
    await shell(command(start));
    expect(namesOf(await jobs())).toEqual(others.map(([name]) => name).toSorted());
    await run(removed, end);
    expect(namesOf(await jobs())).toContain(removed);
  }

  test("listens after the command that the page shows", async () => {
    expect(await (await fetch(`${server.url}/healthcheck`)).json()).toEqual({ ok: true });
    expect(await jobs()).toHaveLength(JOBS.length);
  });

  test("has each metric that the alerts name", async () => {
    const [{ text } = { text: "" }] = blocksIn("yaml");
    const rules = parse(text).groups.flatMap(({ rules }: { rules: unknown }) => rules);
    const lines = (await (await fetch(`${server.url}/metrics`)).text()).split("\n");
    expect(rules.length).toBeGreaterThan(0);
    for (const { alert, expr } of rules) {
      expect(alert).toMatch(/^\w+$/);
      const names = expr.match(/\bcronyx_\w+/g) ?? [];
      expect(names).not.toEqual([]);
      const [, label] = /by \((\w+)\)/.exec(expr) ?? [];
      for (const name of names) {
        const samples = lines.filter((line) => new RegExp(`^${name}[{ ]`).test(line));
        expect(samples.length).toBe(label === undefined ? 1 : metricsJobs.split(",").length);
        if (label !== undefined) for (const sample of samples) expect(sample).toContain(`{${label}="`);
      }
    }
  });

  test("takes its settings as flags too, and --help prints the settings of the table", async () => {
    const withFlags = [...new Set(PAGE.match(/(?<=`)npm run serve -- [^`]+/g))].map((script) =>
      script.replace("8080", "0"),
    );
    const [withPort = "", help = "", ...others] = withFlags;
    expect(others).toEqual([]);
    const [other, printed] = await Promise.all([
      serve("sqlite::memory:", `SERVER_PORT=refused ${withPort}`),
      shell.bash(help, { cwd: ROOT, env: {} }),
    ]);
    expect((await fetch(`${other.url}/healthcheck`)).status).toBe(200);
    await other.stop();
    const rows = PAGE.match(/^\| `[A-Z].*? \|/gm) ?? [];
    const names = rows.flatMap((row) => row.match(/[A-Z_]+/g) ?? []);
    expect(
      printed
        .match(/^ {2}[A-Z_]+/gm)
        ?.map((name) => name.trim())
        .toSorted(),
    ).toEqual(names.toSorted());
  });

  withSqlite("on SQLite", () => {
    test("has the jobs of the moment of the backup after the restore, from a backup of either kind", async () => {
      const before = await jobs();
      await bash(command(RUN.backup));
      await bash(command(RUN.backupInContainer));
      await run("after the backup", "finish");
      expect(await jobs()).not.toEqual(before);
      expect((await server.stop()).at(-1)).toContain("stopped");
      const [copy, other] = ["backups/cronyx.db", "data/backup.db"].map((name) => path.join(shell.folder, name));
      const dump = (file = "") => shell.bash(`sqlite3 '${file}' .dump`, { env: {} });
      expect(await dump(other)).toBe(await dump(copy));
      for (const suffix of ["", "-wal", "-shm"])
        rmSync(path.join(shell.folder, `data/cronyx.db${suffix}`), { force: true });
      copyFileSync(copy ?? "", path.join(shell.folder, "data/cronyx.db"));
      server = await serve(sqlite());
      expect(await jobs()).toEqual(before);
    });

    test("has a removed job no longer, while it runs", () => expectRemoval(bash, RUN.removeInSqlite));
  });

  withDatabases("on PostgreSQL", () => {
    const url = () => postgres.url("cronyx");
    const rows = () =>
      postgres.query("SELECT upper(encode(name, 'hex')) AS name, version, state FROM cronyx_job ORDER BY 1", "cronyx");
    /** The clients of another PostgreSQL may come first in PATH. */
    const bashOnPostgres = (script: string) =>
      bash(`PATH='${postgresPrograms}':$PATH; ${script.replaceAll("postgres://USER@HOST/cronyx", url())}`);

    test("has every job of SQLite after the move", async () => {
      const before = await jobs();
      await server.stop();
      server = await serve(url());
      await server.stop();
      await bashOnPostgres(command(RUN.move));
      const moved = JSON.parse(
        await bash(
          `sqlite3 -json /data/cronyx.db "SELECT hex(name) AS name, version, state FROM cronyx_job ORDER BY 1"`,
        ),
      );
      expect(await rows()).toEqual(moved);
      server = await serve(url());
      expect(await jobs()).toEqual(before);
      expect(before).toHaveLength(JOBS.length);
    });

    test("has the jobs of the moment of the backup after the restore, from a backup of either kind", async () => {
      const [before, rowsBefore] = [await jobs(), await rows()];
      await bashOnPostgres(command(RUN.dump));
      await run("after the backup", "finish");
      expect(await jobs()).not.toEqual(before);
      await server.stop();
      await bashOnPostgres(command(RUN.restore));
      expect(await rows()).toEqual(rowsBefore);
      await bashOnPostgres(command(RUN.dumpInContainer));
      await postgres.query("DELETE FROM cronyx_job", "cronyx");
      await bashOnPostgres(command(RUN.restoreInContainer));
      expect(await rows()).toEqual(rowsBefore);
      server = await serve(url());
      expect(await jobs()).toEqual(before);
    });

    test("has a removed job no longer, while it runs", () => expectRemoval(bashOnPostgres, RUN.removeInPostgres));
  });
});
